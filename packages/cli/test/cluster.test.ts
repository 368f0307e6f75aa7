// Command lines about stores on a real PostgreSQL server.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syntheticSyncId } from '@sstitch/testkit';
import { describe, expect, it } from 'vitest';
import { FIRST, SECOND, THIRD } from './every-command.js';
import { digestsOf, sstitch, sstitchJson, testDirectory } from './in-process.js';
import { isPostgresMissing, postgresStores, valid } from './postgres-stores.js';
import { ended, startMain } from './process.js';
import { teamLines } from './team-sync.js';

const NO_DRIVER = new URL('./children/no-driver.mjs', import.meta.url).href;
const FOURTH = syntheticSyncId({ syncIndex: 3 });

describe.skipIf(isPostgresMissing)('a store on PostgreSQL', () => {
  const { url, newAddress } = postgresStores();

  /** An address with three syncs of 60 grants, and a directory. */
  async function scene(): Promise<{ base: string; path: (name: string) => string }> {
    const base = newAddress();
    const directory = testDirectory();
    await sstitchJson('generate', base, '--grants', '60', '--syncs', '3');
    return { base, path: (name) => join(directory, name) };
  }

  it('takes a sync of a local store, and keeps the others', async () => {
    const { base, path } = await scene();
    await sstitchJson('generate', path('source'), '--grants', '60', '--revision', '2');
    const before = await digestsOf(base);
    const fresh = await digestsOf(path('source'));
    expect(fresh[FIRST]).not.toBe(before[FIRST]);

    const planned = await valid('compact', ...compactLine(base, path('source')), '--dry-run');
    expect(planned).toMatchObject({ dryRun: true });
    expect(await digestsOf(base)).toEqual(before);

    const done = await valid(
      'compact',
      ...compactLine(base, path('source')),
      '--strategy',
      'rebuild',
    );
    expect(done).toMatchObject({ strategy: 'rebuild', generation: null, syncs: [FIRST] });
    expect(await digestsOf(base)).toEqual({ ...before, [FIRST]: fresh[FIRST] });

    const { stdout } = await sstitch(['compact', ...compactLine(base, path('source'))]);
    expect(stdout).toMatch(/done: 1 sync replaced in .*, writers paused [\d.]+ m?s\n/);
    expect(await digestsOf(base)).toEqual({ ...before, [FIRST]: fresh[FIRST] });
    const linked = await sstitch([
      'compact',
      ...compactLine(base, path('source')),
      ...['--strategy', 'link'],
    ]);
    expect(linked.exitCode).not.toBe(0);
    expect(linked.stderr).toMatch(/base and source must both be stores in directories\n$/);
    // And back, into a store in a directory.
    const back = ['--base', path('source'), '--from', base, '--sync', SECOND];
    await valid('compact', ...back);
    expect(await digestsOf(path('source'))).toEqual({
      [FIRST]: fresh[FIRST],
      [SECOND]: before[SECOND],
    });
  });

  it('takes a sync from two processes at once; each reports what it wrote, and when it counted the base', async () => {
    const { base, path } = await scene();
    const initial = (await sstitchJson<Array<{ syncId: string; counts: object }>>('syncs', base))[0]
      ?.counts;
    const sources = ['left', 'right'].map(path);
    for (const [at, source] of sources.entries()) {
      const line = ['generate', source, '--grants', String(100 * (at + 1))];
      await sstitchJson(...line, '--revision', String(at + 2));
    }
    const finished = await Promise.all(
      sources.map((source, at) => {
        const keep = at === 0 ? [] : ['--keep-replaced'];
        return ended(startMain(['compact', ...compactLine(base, source), ...keep, '--json']));
      }),
    );
    const held = [initial];
    for (const source of sources) {
      const [sync] = await sstitchJson<Array<{ counts: object }>>('syncs', source);
      held.push(sync?.counts);
    }
    for (const [at, { exitCode, stdout }] of finished.entries()) {
      expect(exitCode).toBe(0);
      const { counts } = JSON.parse(stdout) as { counts: Array<Record<string, unknown>> };
      expect(counts[0]).toMatchObject({ syncId: FIRST, after: held[at + 1] });
      expect(held).toContainEqual(counts[0]?.['before']);
    }
    const digests = await Promise.all(sources.map(async (each) => (await digestsOf(each))[FIRST]));
    expect(digests).toContain((await digestsOf(base))[FIRST]);
    const { stdout } = await sstitch(['compact', ...compactLine(base, sources[0] ?? '')]);
    expect(stdout).toMatch(
      /^counted in the base when the command began; other processes may have changed it before the commit$/m,
    );
  });

  function compactLine(base: string, source: string): string[] {
    return ['--base', base, '--from', source, '--sync', FIRST];
  }

  it('is read by every command that reads', async () => {
    const { base, path } = await scene();
    const syncs = await valid<Array<{ syncId: string; bytes: null }>>('syncs', base);
    expect(syncs.map(({ syncId, bytes }) => [syncId, bytes])).toEqual(
      [FIRST, SECOND, THIRD].map((syncId) => [syncId, null]),
    );
    expect(await valid('verify', base)).toMatchObject({ ok: true, tables: 0, syncs: 3 });
    expect((await sstitch(['verify', base])).stdout).toMatch(/^ok: [\d,]+ keys, 3 syncs\n$/);
    await valid('digest', base, '--sync', '@1');
    await valid('get', base, '--sync', FIRST, '--bucket', 'sync_run');
    await valid('scan', base, '--limit', '1000');
    await sstitchJson('generate', path('same'), '--grants', '60', '--syncs', '3');
    const diff = await valid('diff', base, path('same'), '--sync', FIRST);
    expect(diff).toMatchObject({ added: 0, removed: 0, changed: 0 });
    expect(await digestsOf(base)).toEqual(await digestsOf(path('same')));
  });

  it('imports and exports files as a local store does', async () => {
    const base = newAddress();
    const directory = testDirectory();
    const path = (name: string) => join(directory, name);
    await sstitchJson('generate', path('local'), '--grants', '80');
    const digests = await digestsOf(path('local'));
    await sstitchJson('export', path('local'), '--sync', FIRST, '--output', path('a.c1z'));
    await valid('import', path('a.c1z'), '--into', base);
    expect(await digestsOf(base)).toEqual(digests);
    await valid('export', base, '--sync', FIRST, '--output', path('b.c1z'));
    await sstitchJson('import', path('b.c1z'), '--into', path('again'));
    expect(await digestsOf(path('again'))).toEqual(digests);
    await valid('import', path('b.c1z'), '--into', base, '--as', SECOND);
    expect(Object.keys(await digestsOf(base)).sort()).toEqual([FIRST, SECOND].sort());

    const watched = newAddress();
    const watch = ['watch', directory, '--into', watched, '--once', '--interval', '1'];
    expect(await sstitchJson(...watch)).toMatchObject({
      files: [{ outcome: 'imported' }, { outcome: 'unchanged' }],
    });
    expect(await digestsOf(watched)).toEqual(digests);

    writeFileSync(path('bad.jsonl'), 'nonsense');
    const bad = await sstitch(['import', path('bad.jsonl'), '--into', base]);
    expect(bad.exitCode).toBe(4);
    expect(Object.keys(await digestsOf(base)).sort()).toEqual([FIRST, SECOND].sort());
  });

  it('is changed by every command that changes', async () => {
    const { base, path } = await scene();
    const local = path('local');
    await sstitchJson('generate', local, '--grants', '60', '--syncs', '3');
    await sstitchJson('generate', path('fresh'), '--grants', '60', '--revision', '2');
    /** Runs a line on both stores, which must then be equal. */
    const onBoth = async (name: string, line: (store: string) => readonly string[]) => {
      await valid(name, ...line(local));
      await valid(name, ...line(base));
      expect(await digestsOf(base), name).toEqual(await digestsOf(local));
    };
    await onBoth('clone', (store) => [store, '--sync', FIRST, '--as', FOURTH]);
    await onBoth('rename', (store) => [store, '--sync', FOURTH, '--as', FOURTH.replace(/.$/, '0')]);
    await onBoth('merge', (store) => [
      store,
      '--base',
      FIRST,
      '--partials',
      SECOND,
      '--as',
      FOURTH,
    ]);
    await onBoth('drop', (store) => [store, '--sync', THIRD, '--yes']);
    // The derived grants say when they were derived.
    for (const store of [local, base]) await valid('expand', store, '--sync', SECOND);
    const diff = await valid('diff', base, local, '--sync', SECOND);
    expect(diff).toMatchObject({ added: 0, removed: 0 });
    const keep = ['--from', path('fresh'), '--sync', FIRST, '--keep-replaced'];
    // The side id is new in each store.
    await valid('compact', '--base', base, ...keep);
    const kept = await digestsOf(base);
    await valid('rollback', base, '--sync', FIRST, '--list');
    await valid('rollback', base, '--sync', FIRST);
    expect(new Set(Object.values(await digestsOf(base)))).not.toEqual(new Set(Object.values(kept)));
    await valid('rollback', base, '--sync', FIRST);
    // Each kept version says when it was replaced.
    expect((await digestsOf(base))[FIRST]).toBe(kept[FIRST]);
    await valid('prune', base, '--keep', '1', '--yes');
    await valid('verify', base);
  });

  it('answers who has what, of people in a file and on the cluster', async () => {
    const base = newAddress();
    const file = join(testDirectory(), 'team.jsonl');
    writeFileSync(file, teamLines());
    await sstitchJson('import', file, '--into', base);
    const who = ['--sync', 'latest', '--principal', 'user/ann', '--why'];
    expect(await valid('who', base, ...who)).toEqual(await sstitchJson('who', file, ...who));
  });

  it('shows what it consists of, and is maintained by commands', async () => {
    const { base } = await scene();
    await sstitchJson('generate', base, '--grants', '60', '--revision', '2', '--replace');
    const status = await valid('cluster status', base);
    expect(status).toMatchObject({ address: base, leases: [], loads: [], orphans: 0 });
    expect((status as { retired: { runs: number } }).retired.runs).toBeGreaterThan(0);
    const { stdout } = await sstitch(['cluster', 'status', base]);
    expect(stdout).toMatch(/^log {7}\d+ slots, /);
    expect(stdout).toMatch(/\nretired {3}1 run, /);
    expect(stdout).toMatch(/\nleases {4}none: no other process has the store open\n/);

    expect(await valid('cluster checkpoint', base)).toMatchObject({ slot: expect.any(Number) });
    expect(await valid('cluster fold', base)).toMatchObject({ isComplete: true });
    const before = await digestsOf(base);
    expect(await valid('cluster collect', base)).toMatchObject({ deletedRuns: 1, heldRuns: 0 });
    expect(await valid('cluster status', base)).toMatchObject({ retired: { runs: 0 } });
    expect(await digestsOf(base)).toEqual(before);
    expect((await sstitch(['cluster', 'collect', base])).stdout).toMatch(
      /^deleted 0 runs, 0 B; readers keep 0 runs\n/,
    );
  });

  it('is listed by an address that other commands take', async () => {
    const schema = `?schema=s${process.pid}`;
    const database = `${url()}${schema}`;
    for (const store of ['b%2F2', 'a%201']) {
      await sstitchJson('generate', `${url()}/${store}${schema}`, '--grants', '5');
    }
    const listed = await valid<{ stores: Array<{ store: string; address: string }> }>(
      'cluster stores',
      database,
    );
    expect(listed.stores.map(({ store }) => store)).toEqual(['a 1', 'b/2']);
    for (const { address } of listed.stores) {
      expect(Object.keys(await digestsOf(address))).toEqual([FIRST]);
    }
    const { stdout } = await sstitch(['cluster', 'stores', database]);
    expect(stdout).toBe(listed.stores.map(({ address }) => `${address}\n`).join(''));
    const missing = await sstitch(['cluster', 'stores', `${url()}?schema=nothing_here`]);
    expect(missing).toMatchObject({ exitCode: 5, stdout: '' });
  });

  it('is served as a page', async () => {
    const { base } = await scene();
    const ending = new AbortController();
    const serving = startMain(['explore', base, '--no-open'], { signal: ending.signal });
    serving.on('error', () => undefined);
    try {
      const [line] = (await once(serving.stdout ?? serving, 'data')) as [Buffer];
      const url = new URL(line.toString().trim());
      const headers = { authorization: `Bearer ${url.searchParams.get('token')}` };
      const asked = async (question: string) =>
        (await (await fetch(`${url.origin}/api/${question}`, { headers })).json()) as object;
      expect(await asked('store')).toMatchObject({ location: base, generation: null });
      expect(await asked('syncs')).toMatchObject({ items: { length: 3 } });
      expect(await asked('store?refresh=1')).toMatchObject({ location: base });
    } finally {
      ending.abort();
    }
  });

  it('is planned by --create --dry-run as it would be filled, and is not created', async () => {
    const [base, directory] = [newAddress(), testDirectory()];
    const source = join(directory, 'source');
    await sstitchJson('generate', source, '--grants', '60');
    const line = ['--base', base, '--from', source, '--all', '--create'];
    const planned = await valid<{ strategy: string }>('compact', ...line, '--dry-run');
    const linked = [...line, '--strategy', 'link'];
    const refused = await sstitch(['compact', ...linked, '--dry-run']);
    expect(refused.stderr).toMatch(/base and source must both be stores in directories\n$/);
    expect((await sstitch(['syncs', base])).exitCode).toBe(5);
    expect(await sstitch(['compact', ...linked])).toEqual(refused);
    const done = await valid<{ strategy: string }>('compact', ...line);
    expect(planned.strategy).toBe(done.strategy);
    const nowhere = base.replace(new URL(base).pathname, '/nowhere/acme');
    const inNowhere = ['compact', '--base', nowhere, ...line.slice(2), '--dry-run'];
    expect((await sstitch(inNowhere)).exitCode).toBe(5);
  });

  it('does not exist before its first commit', async () => {
    const address = newAddress();
    const lines = [
      ['syncs', address],
      ['drop', address, '--sync', FIRST, '--yes'],
      ['cluster', 'status', address],
    ];
    for (const line of lines) {
      expect(await sstitch(line)).toMatchObject({ exitCode: 5, stdout: '' });
    }
    const elsewhere = `${address}?schema=nothing_here`;
    const { exitCode, stderr } = await sstitch(['syncs', elsewhere]);
    expect(exitCode).toBe(5);
    expect(stderr).toBe(
      'sstitch: the database has no tables of stores in schema nothing_here; check the address; import, generate, `sstitch compact --create` and `sstitch clone STORE --sync ID --into ADDRESS` create stores\n',
    );
    const nowhere = address.replace(new URL(address).pathname, '/nowhere/acme');
    expect(await sstitch(['generate', nowhere, '--grants', '5'])).toMatchObject({
      exitCode: 5,
      stderr:
        'sstitch: PostgreSQL: database "nowhere" does not exist; check the address, or create the database: no command of sstitch does\n',
    });
  });

  it.each<[string, (address: string) => readonly string[], RegExp]>([
    [
      'levels',
      (address) => ['levels', address],
      /needs a store in a directory; this one is on a cluster/,
    ],
    [
      'space',
      (address) => ['space', address],
      /needs a store in a directory; this one is on a cluster/,
    ],
    [
      'checkpoint',
      (address) => ['checkpoint', address, 'x'],
      /needs a store in a directory; this one is on a cluster/,
    ],
    [
      'salvage',
      (address) => ['salvage', address],
      /needs a store in a directory; this one is on a cluster/,
    ],
    [
      'adopt',
      (address) => ['adopt', 'x', address],
      /needs a store in a directory; this one is on a cluster/,
    ],
    [
      'export to it',
      (address) => ['export', 'x', '--sync', FIRST, '--output', address],
      /is not a file/,
    ],
    [
      'compact --purge',
      (address) => ['compact', '--base', address, '--from', 'x', '--sync', FIRST, '--purge'],
      /--purge applies to a base in a directory/,
    ],
    [
      'a base that is the source',
      (address) => ['compact', '--base', address, '--from', address, '--sync', FIRST],
      /are the same store/,
    ],
    [
      'a directory for `cluster`',
      () => ['cluster', 'fold', 'base'],
      /is not the address of a store/,
    ],
    [
      'a password on the command line',
      (address) => ['syncs', address.replace('sstitch@', 'sstitch:very-secret@')],
      /SSTITCH_CLUSTER_PASSWORD/,
    ],
  ])('%s is refused before anything is touched', async (_what, line, message) => {
    const { exitCode, stdout, stderr } = await sstitch(line(newAddress()));
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('very-secret');
  });

  it('says what to install if the driver is missing', async () => {
    const { exitCode, stderr } = await withoutDriver(newAddress());
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'sstitch: stores on PostgreSQL need the package pg: run npm install pg\n',
    });
  });

  it('reports a wrong password without it', async () => {
    const address = newAddress().replace('sstitch@', 'nobody@');
    const env = { SSTITCH_CLUSTER_PASSWORD: 'very-secret', SSTITCH_DEBUG: '1' };
    const { exitCode, stderr } = await ended(startMain(['syncs', address, '--verbose'], { env }));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^sstitch: PostgreSQL: role "nobody" does not exist: check the user and the database; the address or SSTITCH_CLUSTER_USER names the user$/m,
    );
    expect(stderr).not.toContain('very-secret');
  });
});

it('the driver of Cassandra is named if it is missing', async () => {
  const { exitCode, stderr } = await withoutDriver('cassandra://127.0.0.1/tenants/acme');
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/npm install cassandra-driver\n$/);
});

function withoutDriver(address: string) {
  return ended(startMain(['syncs', address], { env: { NODE_OPTIONS: `--import=${NO_DRIVER}` } }));
}
