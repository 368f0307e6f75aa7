// The commands that read, run on one store.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUCKETS } from '@sstitch/keys';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson } from './in-process.js';

const [FIRST, SECOND] = [0, 1].map((syncIndex) => syntheticSyncId({ syncIndex })) as [
  string,
  string,
];
const ABSENT = syntheticSyncId({ seed: 99 });

let directory: string;
let store: string;
let newer: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-cli-inspect-'));
  store = join(directory, 'store');
  newer = join(directory, 'newer');
  await sstitchJson('generate', store, '--grants', '150', '--syncs', '2');
  await sstitchJson('generate', newer, '--grants', '150', '--revision', '2');
  return () => rmSync(directory, { recursive: true, force: true });
});

describe('generate', () => {
  it('produces the same bytes from the same options, and prints ids and counts', async () => {
    const again = join(directory, 'again');
    const document = await sstitchJson('generate', again, '--grants', '150', '--syncs', '2');
    expect(document).toEqual({
      syncs: [FIRST, SECOND].map((syncId) => ({ syncId, grants: 150, keys: expect.any(Number) })),
      durationMs: expect.any(Number),
    });
    expect(await digestsOf(again)).toEqual(await digestsOf(store));
  });

  it('does not replace a sync that the store holds, unless --replace is given', async () => {
    const held = join(directory, 'held');
    const line = ['generate', held, '--grants', '10'];
    await sstitchJson(...line);
    const before = await digestsOf(held);
    const refused = await sstitch([...line, '--syncs', '2', '--revision', '2']);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`holds sync ${FIRST} already`);
    expect(await digestsOf(held)).toEqual(before);
    await sstitchJson(...line, '--revision', '2', '--replace');
    expect((await digestsOf(held))[FIRST]).not.toBe(before[FIRST]);
  });
});

describe('a file of syncs', () => {
  it('is read by syncs, digest, scan and get as the store of its import is', async () => {
    const file = join(directory, 'sync.jsonl');
    const imported = join(directory, 'imported');
    await sstitchJson('export', store, '--sync', `${FIRST},${SECOND}`, '--output', file);
    await sstitchJson('import', file, '--into', imported);
    const digests = await digestsOf(imported);
    for (const [command = '', ...rest] of [
      ['syncs', '--exact'],
      ['digest', '--sync', '@1,@2'],
      ['scan', '--sync', 'latest', '--bucket', 'grant', '--limit', '5'],
      ['get', '--sync', FIRST, '--bucket', 'sync_run'],
    ]) {
      const ofFile = await sstitchJson<unknown>(command, file, ...rest);
      expect(ofFile).toEqual(await sstitchJson<unknown>(command, imported, ...rest));
    }
    expect(await digestsOf(imported)).toEqual(digests);
  });

  it.each(['verify', 'levels', 'space'])(
    'is refused by %s, which says how to import it',
    async (name) => {
      for (const file of ["it's.jsonl", 'sync.c1z']) {
        writeFileSync(join(directory, file), '');
        const { exitCode, stderr } = await sstitch([name, join(directory, file)]);
        expect(exitCode).toBe(4);
        const word = file.includes("'")
          ? `'${join(directory, file).replaceAll("'", "'\\''")}'`
          : join(directory, file);
        expect(stderr).toContain(`import it first: \`sstitch import ${word} --into STORE\`\n`);
      }
    },
  );
});

describe('syncs', () => {
  it('lists every sync with its type and counts', async () => {
    const syncs = await sstitchJson<{ counts: object }[]>('syncs', store);
    expect(syncs).toEqual(
      [FIRST, SECOND].map((syncId) => ({
        syncId,
        type: 'full',
        startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        endedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        counts: {
          resource_type: expect.any(Number),
          resource: expect.any(Number),
          entitlement: expect.any(Number),
          grant: 150,
          asset: expect.any(Number),
        },
        bytes: expect.any(Number),
      })),
    );
    expect(await sstitchJson('syncs', store, '--exact')).toEqual(syncs);
  });

  it('prints a line for each sync, with its start and its end', async () => {
    const { stdout } = await sstitch(['syncs', store]);
    const [titles, ...lines] = stdout.trimEnd().split('\n');
    expect(titles).toMatch(/^SYNC +TYPE +STARTED \(UTC\) +ENDED \(UTC\) +RESOURCES +GRANTS +SIZE$/);
    const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d';
    const row = new RegExp(`^\\w{27} +full +${time} +${time} +\\d+ +150 +\\S+ KB$`);
    for (const line of lines) expect(line).toMatch(row);
    expect(lines).toHaveLength(2);
  });

  it.each([40, 80])('fits a terminal of %d columns, and splits no cell', async (columns) => {
    const { stdout } = await sstitch(['syncs', store], {
      isTerminal: true,
      columns,
      env: { NO_COLOR: '1' },
    });
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');
    expect(words(stdout)).toEqual(words((await sstitch(['syncs', store])).stdout));
  });
});

describe('digest', () => {
  it('prints no digest of a sync that the store does not hold, with and without --quiet', async () => {
    for (const more of [[], ['--quiet']]) {
      expect(await sstitch(['digest', store, '--sync', ABSENT, ...more])).toEqual({
        ...{ exitCode: 3, stdout: '' },
        stderr: `sstitch: ${store} holds no sync ${ABSENT}\n`,
      });
    }
  });

  it('prints the digest of the sync and of each bucket in the fixed order', async () => {
    const document = await sstitchJson<{ keys: number; buckets: { keys: number }[] }>(
      ...['digest', store, '--sync', FIRST],
    );
    const sum = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(document).toEqual({
      syncId: FIRST,
      keys: expect.any(Number),
      digest: sum,
      buckets: BUCKETS.map(({ bucket }) => ({ bucket, keys: expect.any(Number), digest: sum })),
    });
    expect(document.buckets.reduce((total, { keys }) => total + keys, 0)).toBe(document.keys);
  });

  it('exits with 3 for a missing sync, with a document that counts no keys', async () => {
    const { exitCode, stdout, stderr } = await sstitch([
      ...['digest', store, '--sync', ABSENT, '--json'],
    ]);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ syncId: ABSENT, keys: 0 });
    expect(stderr).toContain(`holds no sync ${ABSENT}`);
  });
});

describe('several syncs', () => {
  const both = ['--sync', FIRST, '--sync', SECOND];

  it('are digested one by one: an array with --json, in the order given', async () => {
    const [first, second] = [FIRST, SECOND].map((syncId) => ['digest', store, '--sync', syncId]);
    const each = [await sstitchJson(...(first ?? [])), await sstitchJson(...(second ?? []))];
    expect(await sstitchJson('digest', store, ...both)).toEqual(each);
    expect(await sstitchJson('digest', store, '--sync', `${FIRST},${SECOND}`)).toEqual(each);
    const { stdout } = await sstitch(['digest', store, ...both]);
    expect(stdout.match(/^sync \w{27}$/gm)).toEqual([`sync ${FIRST}`, `sync ${SECOND}`]);
    expect(stdout.match(/^sha256 /gm)).toHaveLength(2);
    const { exitCode, stderr } = await sstitch(['digest', store, '--sync', `${ABSENT},${FIRST}`]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 3 });
    expect(stderr).toContain(ABSENT);
  });

  it('are compared one by one: an array with --json', async () => {
    const other = join(directory, 'other');
    await sstitchJson('generate', other, '--grants', '150', '--syncs', '2', '--revision', '3');
    const differences = await sstitchJson<{ syncId: string }[]>('diff', store, other, ...both);
    expect(differences.map(({ syncId }) => syncId)).toEqual([FIRST, SECOND]);
    expect(differences[1]).toEqual(await sstitchJson('diff', store, other, '--sync', SECOND));
  });

  it('are exported one after the other, and not at all if one is missing', async () => {
    const texts = [FIRST, SECOND].map((syncId) => sstitch(['export', store, '--sync', syncId]));
    const [first, second] = await Promise.all(texts);
    // A file has one header and one end line, which counts its records, however many syncs it holds.
    const recordsOf = (text = '') =>
      text.split('\n').filter((line) => !/^\{"type":"(header|end)"/.test(line) && line !== '');
    const together = (await sstitch(['export', store, ...both])).stdout;
    expect(recordsOf(together)).toEqual([
      ...recordsOf(first?.stdout),
      ...recordsOf(second?.stdout),
    ]);
    const missing = await sstitch(['export', store, '--sync', FIRST, '--sync', ABSENT]);
    expect(missing).toMatchObject({ exitCode: 3, stdout: '' });
    expect(missing.stderr).toContain(ABSENT);
  });

  it('are scanned in key order', async () => {
    const keysOf = async (...line: readonly string[]) => {
      const entries = await sstitchJson<{ key: string }[]>(
        'scan',
        store,
        '--limit',
        '9999',
        ...line,
      );
      return entries.map(({ key }) => key);
    };
    expect(await keysOf('--sync', `${SECOND},${FIRST}`)).toEqual(await keysOf());
    const grants = ['--bucket', 'grant'];
    expect(await keysOf(...both, ...grants)).toEqual(await keysOf(...grants));
  });

  it('are each verified', async () => {
    const { keys } = await sstitchJson<{ keys: number }>('verify', store);
    expect(await sstitchJson('verify', store, ...both)).toMatchObject({ keys, syncs: 2 });
    const { exitCode, stderr } = await sstitch(['verify', store, '--sync', `${ABSENT},${FIRST}`]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain(ABSENT);
  });
});

describe('--json', () => {
  it('can be given before and after the command', async () => {
    const after = await sstitch(['syncs', store, '--json']);
    expect(await sstitch(['--json', 'syncs', store])).toEqual(after);
    expect(await sstitch(['syncs', '--json', store])).toEqual(after);
    const failed = await sstitch(['--json', 'syncs', join(directory, 'none')]);
    expect(JSON.parse(failed.stderr.split('\n')[1] ?? '')).toHaveProperty('error.exitCode', 5);
  });
});

describe('diff', () => {
  it('counts what compacting would add, remove and change', async () => {
    const document = await sstitchJson<Record<'added' | 'removed' | 'changed', number>>(
      ...['diff', store, newer, '--sync', FIRST],
    );
    expect(document.added).toBeGreaterThan(0);
    expect(document.removed).toBeGreaterThan(0);
    expect(document.changed).toBeGreaterThan(0);
    const back = await sstitchJson('diff', newer, store, '--sync', FIRST);
    expect(back).toMatchObject({
      added: document.removed,
      removed: document.added,
      changed: document.changed,
    });
    expect(await sstitchJson('diff', store, store, '--sync', FIRST)).toMatchObject({
      added: 0,
      removed: 0,
      changed: 0,
    });
    expect((await sstitch(['diff', store, newer, '--sync', ABSENT])).exitCode).toBe(3);
  });
});

describe('get and scan', () => {
  it('find a record by its ids and by its key', async () => {
    const [grant] = await sstitchJson<{ key: string; elements: string[] }[]>(
      ...['scan', store, '--sync', FIRST, '--bucket', 'grant', '--limit', '1'],
    );
    expect(grant).toMatchObject({
      bucket: 'grant',
      syncId: FIRST,
      record: { sync_id: FIRST, external_id: grant?.elements[0] },
    });
    const byIds = ['--sync', FIRST, '--bucket', 'grant', grant?.elements[0] ?? ''];
    expect(await sstitchJson('get', store, ...byIds)).toEqual(grant);
    expect(await sstitchJson('get', store, '--key', grant?.key ?? '')).toEqual(grant);
  });

  it('find the entries whose first id begins with a text, and those whose key begins with given bytes', async () => {
    const scan = (...line: string[]) =>
      sstitchJson<{ key: string; elements: string[] }[]>('scan', store, '--limit', '9999', ...line);
    const grants = ['--sync', FIRST, '--bucket', 'grant'];
    const all = await scan(...grants);
    const [first] = all;
    for (const length of [1, 3, 10]) {
      const prefix = first?.elements[0]?.slice(0, length) ?? '';
      const found = await scan(...grants, '--prefix', prefix);
      expect(found).toEqual(all.filter(({ elements }) => elements[0]?.startsWith(prefix)));
      expect(found.length).toBeGreaterThan(0);
    }
    const keyPrefix = first?.key.slice(0, 50) ?? '';
    expect(await scan('--key-prefix', keyPrefix)).toEqual(
      all.filter(({ key }) => key.startsWith(keyPrefix)),
    );
    expect(await scan('--key-prefix', 'ff')).toEqual([]);
  });

  it('scan exits with 3 if the store does not hold a sync, and shows nothing', async () => {
    for (const more of [[], ['--bucket', 'grant']]) {
      const line = ['scan', store, '--sync', `${FIRST},${ABSENT}`, ...more];
      expect(await sstitch(line)).toEqual({
        exitCode: 3,
        stdout: '',
        stderr: `sstitch: ${store} holds no sync ${ABSENT}; \`sstitch syncs STORE\` lists the syncs of a store\n`,
      });
    }
  });

  it('exit with 1 for a missing record', async () => {
    const { exitCode } = await sstitch([
      ...['get', store, '--sync', FIRST, '--bucket', 'grant', 'nobody'],
    ]);
    expect(exitCode).toBe(1);
  });
});

describe('levels and sst', () => {
  it('show which syncs lie in which level, and what a table holds', async () => {
    const { levels } = await sstitchJson<{ levels: { tables: { number: number }[] }[] }>(
      ...['levels', store],
    );
    expect(levels.length).toBeGreaterThan(0);
    const { stdout } = await sstitch(['levels', store]);
    expect(stdout).toContain(`A  ${FIRST}`);
    expect(stdout).toContain(`B  ${SECOND}`);
    const generation = readdirSync(store)
      .filter((name) => name.startsWith('gen-'))
      .sort()
      .at(-1);
    const tables = join(store, generation ?? '');
    const name = readdirSync(tables).find((file) => file.endsWith('.ldb'));
    const table = join(tables, name ?? '');
    expect(await sstitchJson('sst', 'verify', table)).toMatchObject({ ok: true });
    const dumped = await sstitchJson<object[]>('sst', 'dump', table, '--limit', '1');
    expect(dumped).toEqual([
      expect.objectContaining({ type: 'value', syncId: expect.any(String) }),
    ]);
    const broken = join(directory, 'broken.ldb');
    writeFileSync(broken, 'no table');
    expect((await sstitch(['sst', 'verify', broken])).exitCode).toBe(4);
  });
});

describe('manifest dump', () => {
  it('shows the tables of each level, and reports a missing MANIFEST', async () => {
    const generation = join(store, readFileSync(join(store, 'CURRENT'), 'latin1').trim());
    const document = await sstitchJson<{ tables: { number: number; level: number }[] }>(
      ...['manifest', 'dump', generation],
    );
    expect(document).toMatchObject({
      name: expect.stringMatching(/^MANIFEST-\d{6}$/),
      tornAt: null,
      lastSequence: expect.any(Number),
    });
    const numbers = readdirSync(generation)
      .filter((name) => name.endsWith('.ldb'))
      .map((name) => Number.parseInt(name, 10));
    expect(document.tables.map(({ number }) => number).sort((a, b) => a - b)).toEqual(numbers);
    const { stdout } = await sstitch(['manifest', 'dump', generation]);
    expect(stdout).toMatch(/^MANIFEST-\d{6}: /);
    expect((await sstitch(['manifest', 'dump', directory])).exitCode).toBe(5);
    const odd = join(directory, 'odd');
    mkdirSync(join(odd, 'CURRENT'), { recursive: true });
    expect((await sstitch(['manifest', 'dump', odd])).exitCode).toBe(5);
    const broken = join(directory, 'broken-level');
    mkdirSync(broken);
    writeFileSync(join(broken, 'CURRENT'), '../MANIFEST-000001\n');
    expect((await sstitch(['manifest', 'dump', broken])).exitCode).toBe(4);
  });
});

describe('checkpoint and adopt', () => {
  it('create stores with the same content', async () => {
    const copy = join(directory, 'copy');
    expect(await sstitchJson('checkpoint', store, copy)).toMatchObject({ copiedBytes: 0 });
    const adopted = join(directory, 'adopted');
    await sstitchJson('adopt', join(copy, 'gen-000001'), adopted);
    expect(await digestsOf(adopted)).toEqual(await digestsOf(store));
    const again = await sstitch(['checkpoint', store, copy]);
    expect(again.exitCode).toBe(1);
  });
});

describe('reading commands', () => {
  it('leave no file in the original store', async () => {
    await sstitch(['verify', store]);
    await sstitch(['levels', store]);
    expect(readdirSync(join(store, 'readers'))).toEqual([]);
  });
});
