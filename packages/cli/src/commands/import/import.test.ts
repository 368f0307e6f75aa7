import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeC1z } from '@sstitch/c1z/testing';
import { Store } from '@sstitch/engine';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { digestsOf, sstitch, sstitchJson, testDirectory } from '../../../test/in-process.js';

const REAL_SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';
const REAL_FILE = fileURLToPath(
  new URL(`../../../../c1z/test-data/sync-${REAL_SYNC}.c1z`, import.meta.url),
);
const CASES = fileURLToPath(new URL('../../../../../../shared/cases/', import.meta.url));
const SLIM = join(CASES, 'slim-grants.c1z');
const SYNC = syntheticSyncId({});
const OTHER = syntheticSyncId({ syncIndex: 1 });

let template: string;
/** Digests of the store before any command runs. */
let digests: Record<string, string>;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-cli-import-'));
  const store = join(template, 'store');
  await sstitchJson('generate', store, '--grants', '200', '--syncs', '2');
  const { exitCode, stdout } = await sstitch(['export', store, '--sync', SYNC]);
  expect(exitCode).toBe(0);
  writeFileSync(join(template, 'sync.jsonl'), stdout);
  digests = await digestsOf(store);
  return () => rmSync(template, { recursive: true, force: true });
});

/** Creates a store with two syncs and a file with one of them. */
function exported(): { directory: string; store: string; file: string } {
  const directory = testDirectory();
  cpSync(template, directory, { recursive: true });
  return { directory, store: join(directory, 'store'), file: join(directory, 'sync.jsonl') };
}

describe('import of a .c1z file', () => {
  // The file lies outside the repository; the test is skipped without it.
  it('reads a real sync with all its indexes', async () => {
    const store = join(testDirectory(), 'store');
    const document = await sstitchJson('import', REAL_FILE, '--into', store, '--zone', 'UTC');
    expect(document).toEqual({
      syncs: [
        {
          file: REAL_FILE,
          format: 'c1z1',
          syncId: REAL_SYNC,
          records: { resource_type: 4, resource: 1221, entitlement: 342, grant: 2909, asset: 0 },
          keys: 13955,
        },
      ],
      failed: [],
      durationMs: expect.any(Number),
    });
    expect(await sstitchJson('verify', store)).toMatchObject({ ok: true, keys: 13955 });
    expect(await sstitchJson('syncs', store)).toEqual([
      {
        syncId: REAL_SYNC,
        type: 'full',
        startedAt: '2025-12-17T16:31:25.057Z',
        endedAt: null,
        counts: { resource_type: 4, resource: 1221, entitlement: 342, grant: 2909, asset: 0 },
        bytes: expect.any(Number),
      },
    ]);
    const before = await digestsOf(store);
    const lines = join(store, '..', 'real.jsonl');
    writeFileSync(lines, (await sstitch(['export', store, '--sync', REAL_SYNC])).stdout);
    await sstitchJson('import', lines, '--into', `${store}-again`);
    expect(await digestsOf(`${store}-again`)).toEqual(before);
    await sstitchJson('import', REAL_FILE, '--into', store, '--zone', 'UTC');
    expect(await digestsOf(store)).toEqual(before);
  });

  it.skipIf(!existsSync(SLIM))('takes what a slim grant omits from its columns', async () => {
    const directory = testDirectory();
    const digestsIn = async (name: string) => {
      await sstitchJson('import', join(CASES, name), '--into', join(directory, name));
      expect(await sstitchJson('verify', join(directory, name))).toMatchObject({ ok: true });
      return digestsOf(join(directory, name));
    };
    expect(await digestsIn('slim-grants.c1z')).toEqual(await digestsIn('full-grants.c1z'));
  });

  it('reads times without a zone as times of --zone, and refuses an invalid zone', async () => {
    const directory = testDirectory();
    const file = join(directory, 'some.c1z');
    await makeC1z(file, { syncs: [{ syncId: SYNC, startedAt: '2024-07-02 15:04:05.5' }] });
    const startedIn = async (zone: string) => {
      const store = join(directory, zone.replaceAll('/', '-'));
      await sstitchJson('import', file, '--into', store, '--zone', zone);
      return (await sstitchJson<{ startedAt: string }[]>('syncs', store))[0]?.startedAt;
    };
    expect(await startedIn('UTC')).toBe('2024-07-02T15:04:05.500Z');
    expect(await startedIn('Europe/Berlin')).toBe('2024-07-02T13:04:05.500Z');
    expect(await startedIn('-05:30')).toBe('2024-07-02T20:34:05.500Z');
    const store = join(directory, 'store');
    const { exitCode, stderr } = await sstitch([
      ...['import', file, '--into', store, '--zone', 'Nowhere/Land'],
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('"Nowhere/Land"');
    expect(existsSync(store)).toBe(false);
  });

  it('exits with 4 for a damaged file and with 5 for a missing one, and creates no store', async () => {
    const directory = testDirectory();
    const damaged = join(directory, 'damaged.c1z');
    writeFileSync(damaged, Buffer.concat([Buffer.from('C1ZF\0'), Buffer.alloc(1000, 7)]));
    const store = join(directory, 'store');
    const result = await sstitch(['import', damaged, '--into', store]);
    expect(result.exitCode).toBe(4);
    expect(result.stderr).toMatch(/^sstitch: [^\n]*damaged\.c1z[^\n]*\n$/);
    expect((await sstitch(['import', join(directory, 'no.c1z'), '--into', store])).exitCode).toBe(
      5,
    );
    expect(existsSync(store)).toBe(false);
  });
});

describe('import of a .jsonl file', () => {
  it('restores every byte that was exported', async () => {
    const { store, file } = exported();
    const again = `${store}-again`;
    const document = await sstitchJson<{ syncs: { records: object }[] }>(
      ...['import', file, '--into', again],
    );
    expect(document.syncs[0]?.records).toMatchObject({ grant: 200 });
    expect((await digestsOf(again))[SYNC]).toBe(digests[SYNC]);
    expect(await sstitchJson('verify', again)).toMatchObject({ ok: true, syncs: 1 });
  });

  it('leaves no stale entry of the sync that it replaces, and does not change others', async () => {
    const { store, file } = exported();
    await sstitchJson('generate', store, '--grants', '333', '--revision', '5', '--replace');
    expect((await digestsOf(store))[SYNC]).not.toBe(digests[SYNC]);
    await sstitchJson('import', file, '--into', store);
    expect(await digestsOf(store)).toEqual(digests);
  });

  it.each([
    ['not JSON', 'nonsense', /column 1: it is not JSON: "n" is not expected/],
    ['no type', '{"record":{}}', /"type" is not one of/],
    ['an unknown field', '{"type":"grant","record":{"wrong":1}}', /wrong/],
    ['no sync id', '{"type":"grant","record":{"external_id":"x"}}', /not a sync id/],
    ['a value that is not a message', '{"type":"grant","value":"////"}', /is not a grant record/],
  ])('refuses a line with %s, and leaves the store as it was', async (_what, line, message) => {
    const { store, file } = exported();
    const [first = ''] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${first}\n${line}\n`);
    const { exitCode, stderr } = await sstitch(['import', file, '--into', store]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^sstitch: [^\n]*sync\.jsonl, line 2, column \d+: [^\n]*\n$/);
    expect(exitCode).toBe(4);
    expect(await digestsOf(store)).toEqual(digests);
  });

  it('refuses --zone, which does not apply', async () => {
    const { store, file } = exported();
    const { exitCode } = await sstitch(['import', file, '--into', store, '--zone', 'UTC']);
    expect(exitCode).toBe(2);
    expect(await digestsOf(store)).toEqual(digests);
  });

  it('refuses a duplicate record', async () => {
    const { store, file } = exported();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    // A file without a header needs no end line.
    const records = lines.slice(1, -1);
    writeFileSync(file, [...records, records.at(-3)].join('\n'));
    const { exitCode, stderr } = await sstitch(['import', file, '--into', store]);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('duplicate record');
    expect(await digestsOf(store)).toEqual(digests);
  });

  it('exits with 3 if the file does not hold the sync, or holds none', async () => {
    const { store, file, directory } = exported();
    expect((await sstitch(['import', file, '--into', store, '--sync', OTHER])).exitCode).toBe(3);
    const empty = join(directory, 'empty.jsonl');
    writeFileSync(empty, '');
    expect((await sstitch(['import', empty, '--into', store])).exitCode).toBe(3);
  });
});

describe('import into a new store', () => {
  it('leaves no store if the commit fails', async () => {
    const { directory, file } = exported();
    const again = join(directory, 'again');
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const failing = vi.spyOn(Store.prototype, 'ingestAndExcise').mockRejectedValueOnce(full);
    const { exitCode } = await sstitch(['import', file, '--into', again]);
    expect({ exitCode, calls: failing.mock.calls.length }).toEqual({ exitCode: 1, calls: 1 });
    failing.mockRestore();
    expect(readdirSync(directory).sort()).toEqual(['store', 'sync.jsonl']);
  });
});

describe('import of several files', () => {
  /** Exports a store of two syncs to a directory of two files, one for each sync. */
  async function archive(): Promise<{ directory: string; store: string; files: string }> {
    const { directory, store } = exported();
    const files = join(directory, 'archive');
    mkdirSync(files);
    for (const [at, syncId] of [SYNC, OTHER].entries()) {
      const output = join(files, at === 0 ? '1.jsonl.gz' : '2.c1z');
      await sstitchJson('export', store, '--sync', syncId, '--output', output);
    }
    return { directory, store, files };
  }

  it('imports the files of a directory whose names say a format, each in one commit', async () => {
    const { directory, files } = await archive();
    writeFileSync(join(files, 'notes.txt'), 'not a sync');
    const again = join(directory, 'again');
    const document = await sstitchJson('import', files, '--into', again);
    expect(document).toMatchObject({
      syncs: [
        { file: join(files, '1.jsonl.gz'), format: 'jsonl', syncId: SYNC },
        { file: join(files, '2.c1z'), format: 'c1z', syncId: OTHER },
      ],
      failed: [],
    });
    expect(await digestsOf(again)).toEqual(digests);
  });

  it('continues after a bad file, names it, and exits with the code of its error', async () => {
    const { directory, files } = await archive();
    const bad = join(directory, 'bad.jsonl');
    writeFileSync(bad, '{"type":"grant"}');
    const [first, last] = [join(files, '1.jsonl.gz'), join(files, '2.c1z')];
    const line = ['import', first, bad, last, '--into', join(directory, 'again')];
    const { exitCode, stdout, stderr } = await sstitch([...line, '--quiet']);
    expect(stdout).toMatch(
      /^not imported: [^\n]*bad\.jsonl, line 1, column 1: it has no "record"[^\n]*\n$/,
    );
    expect({ exitCode, stderr }).toEqual({
      exitCode: 4,
      stderr: 'sstitch: 1 of 3 files was not imported\n',
    });
    expect(await digestsOf(join(directory, 'again'))).toEqual(digests);
  });

  it('prints what was imported, and the error of the first bad file with --json', async () => {
    const { directory, files } = await archive();
    const [bad, alien] = [join(directory, 'bad.jsonl'), join(directory, 'alien.csv')];
    writeFileSync(bad, '');
    writeFileSync(alien, 'a,b\n1,2\n');
    const line = ['import', files, bad, alien, '--into', join(directory, 'again'), '--json'];
    const { exitCode, stdout, stderr } = await sstitch(line);
    const { syncs, failed } = JSON.parse(stdout);
    expect({ syncs, failed }).toMatchObject({
      syncs: [{ syncId: SYNC }, { syncId: OTHER }],
      failed: [{ file: bad, error: { code: 'SSTITCH_SYNC_NOT_FOUND' } }, { file: alien }],
    });
    const message = '2 of 4 files were not imported';
    const error = { code: 'SSTITCH_SYNC_NOT_FOUND', message, exitCode: 3 };
    expect(stderr).toBe(`sstitch: ${message}\n${JSON.stringify({ error })}\n`);
    expect(exitCode).toBe(3);
  });

  it('imports no file if one is missing, or if none is named', async () => {
    const { directory, files } = await archive();
    const again = join(directory, 'again');
    const first = join(files, '1.jsonl.gz');
    expect((await sstitch(['import', first, 'nothing', '--into', again])).exitCode).toBe(5);
    expect((await sstitch(['import', '--into', again])).exitCode).toBe(2);
    const empty = join(directory, 'empty');
    mkdirSync(empty);
    expect((await sstitch(['import', empty, '--into', again])).exitCode).toBe(4);
    expect(existsSync(again)).toBe(false);
  });
});

describe('import --as', () => {
  it.each(['fresh.jsonl', 'fresh.c1z', 'fresh.csv'])(
    'imports a new run under the id that the store uses: %s',
    async (name) => {
      const { directory, store } = exported();
      const fresh = join(directory, 'fresh');
      await sstitchJson('generate', fresh, '--grants', '150', '--revision', '3');
      const output = join(directory, name);
      await sstitchJson('export', fresh, '--sync', SYNC, '--output', output);
      const document = await sstitchJson<{ syncs: { syncId: string }[] }>(
        ...['import', output, '--into', store, '--as', OTHER],
      );
      expect(document.syncs).toMatchObject([{ syncId: OTHER, records: { grant: 150 } }]);
      expect(await sstitchJson('verify', store)).toMatchObject({ ok: true, syncs: 2 });
      const after = await digestsOf(store);
      expect(after[SYNC]).toBe(digests[SYNC]);
      expect(after[OTHER]).not.toBe(digests[OTHER]);
      if (name.endsWith('.csv')) return;
      // Imported back under its own id: nothing was lost.
      await sstitchJson('export', store, '--sync', OTHER, '--output', output);
      await sstitchJson('import', output, '--into', store, '--as', SYNC.slice(0, 26));
      expect((await digestsOf(store))[SYNC]).toBe((await digestsOf(fresh))[SYNC]);
    },
  );

  it('refuses several syncs or files, and changes nothing', async () => {
    const { directory, store, file } = exported();
    const both = join(directory, 'both.jsonl');
    await sstitchJson('export', store, '--sync', `${SYNC},${OTHER}`, '--output', both);
    const several = await sstitch(['import', both, '--into', store, '--as', SYNC]);
    expect(several.exitCode).toBe(2);
    expect(several.stderr).toContain('holds several syncs');
    const two = await sstitch(['import', file, both, '--into', store, '--as', SYNC]);
    expect(two.exitCode).toBe(2);
    expect(await digestsOf(store)).toEqual(digests);
    const one = ['import', both, '--into', store, '--as', SYNC, '--sync', SYNC];
    expect((await sstitch(one)).exitCode).toBe(0);
    expect(await digestsOf(store)).toEqual(digests);
  });

  it('refuses a beginning of an id where there is no store yet', async () => {
    const { directory, file } = exported();
    const again = join(directory, 'again');
    const { exitCode, stderr } = await sstitch(['import', file, '--into', again, '--as', '36zf']);
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`--as "36zf": ${again} does not exist yet`);
    expect(existsSync(again)).toBe(false);
  });

  it('imports all syncs of a file with --sync all', async () => {
    const { directory, store } = exported();
    const both = join(directory, 'both.jsonl');
    await sstitchJson('export', store, '--sync', `${SYNC},${OTHER}`, '--output', both);
    const again = join(directory, 'again');
    await sstitchJson('import', both, '--into', again, '--sync', 'all');
    expect(await digestsOf(again)).toEqual(digests);
  });
});
