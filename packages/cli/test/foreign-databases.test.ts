// What each command reports about databases of other programs, and about stores with damaged uncompressed blocks.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { byteEncodings } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { bucketSpan, parseSyncId, syncRunKey, toHex } from '@sstitch/keys';
import { syntheticSyncId } from '@sstitch/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type LocalStore, withReader } from '../src/stores/open-store.js';
import { scanSpan } from '../src/stores/scan-span.js';
import { digestsOf, sstitch, sstitchJson, testDirectory } from './in-process.js';
import { ended, startMain } from './process.js';

const SYNC = syntheticSyncId({});
const CASES = fileURLToPath(new URL('../../../../shared/cases/', import.meta.url));

async function byteStore(location: string): Promise<LocalStore> {
  const store: LocalStore = new Store(location, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false,
  });
  await store.open();
  return store;
}

/** Creates a plain LevelDB directory with the keys in tables: a generation of a store. */
async function plainDatabase(keys: readonly Uint8Array[]): Promise<string> {
  const location = join(testDirectory(), 'other');
  const store = await byteStore(location);
  await store.batch(
    keys.map((key) => ({ type: 'put' as const, key, value: Uint8Array.of(1, 2) })),
    byteEncodings,
  );
  await store.compactRange(new Uint8Array(0), new Uint8Array(40).fill(255));
  await store.close();
  return join(location, 'gen-000001');
}

function textKeys(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => new TextEncoder().encode(`user ${at}`));
}

async function adopted(database: string): Promise<string> {
  const store = join(testDirectory(), 'store');
  await sstitchJson('adopt', database, store);
  return store;
}

it('the commands that read a store leave another database as it was', async () => {
  const database = await plainDatabase(textKeys(10));
  const before = readdirSync(database);
  for (const command of ['levels', 'space', 'verify', 'syncs', 'stats', 'scan', 'space --exact']) {
    const { exitCode, stderr } = await sstitch([...command.split(' '), database]);
    expect(stderr).toContain('is a plain LevelDB database, not a store');
    expect(exitCode).toBe(4);
  }
  const copy = join(testDirectory(), 'copy');
  expect((await sstitch(['checkpoint', database, copy])).exitCode).toBe(4);
  expect(readdirSync(database)).toEqual(before);
});

it('levels does not wait for a pipe in the place of CURRENT', async ({ skip }) => {
  const directory = testDirectory();
  const pipe = join(directory, 'CURRENT');
  if (spawnSync('mkfifo', [pipe]).status !== 0) skip('there is no mkfifo here');
  const child = startMain(['levels', directory]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const stderr = expect.stringContaining(`a device or pipe is not a file (${pipe})`);
  expect(await ended(child)).toEqual({ exitCode: 4, stdout: '', stderr });
});

describe('an adopted database that holds no sync', () => {
  it('passes verify, with a note of how many keys belong to no sync', async () => {
    const store = await adopted(await plainDatabase(textKeys(1200)));
    expect(await sstitchJson('verify', store)).toMatchObject({
      ok: true,
      keys: 1200,
      keysOfNoSync: 1200,
      syncs: 0,
      problemCount: 0,
      notes: [{ kind: 'store', message: expect.stringContaining('1,200 keys belong to no sync') }],
    });
    const { exitCode, stdout } = await sstitch(['verify', store]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/note on store: 1,200 keys belong to no sync/);
    expect((await sstitch(['verify', store, '--sync', SYNC])).exitCode).toBe(3);
  });

  it('passes verify even if its keys begin with the prefix of a bucket', async () => {
    const store = await adopted(
      await plainDatabase([Uint8Array.of(3, 1, 2), Uint8Array.of(3, 4, ...new Array(30).fill(9))]),
    );
    expect(await sstitchJson('verify', store)).toMatchObject({
      ok: true,
      keysOfNoSync: 2,
      syncs: 0,
    });
  });

  it('is shown by scan and sst dump with its keys as keys of no sync, not as malformed ones', async () => {
    const keys = [...textKeys(2), Uint8Array.of(0, 255)];
    const database = await plainDatabase(keys);
    const store = await adopted(database);
    const { stdout } = await sstitch(['scan', store]);
    expect(stdout).toBe('none  00ff  0102\nnone  "user 0"  0102\nnone  "user 1"  0102\n');
    const [first] = await sstitchJson<object[]>('scan', store);
    expect(first).toEqual({ key: '00ff', bucket: 'none', value: '0102' });
    const table = readdirSync(database).find((name) => name.endsWith('.ldb')) ?? '';
    const dump = await sstitch(['sst', 'dump', join(database, table)]);
    expect(dump.stdout).toContain('none  "user 0"');
    expect(dump.stdout).not.toContain('malformed');
  });

  it('can take over a sync beside its own keys, and verify then counts both', async () => {
    const store = await adopted(await plainDatabase(textKeys(300)));
    const source = join(testDirectory(), 'source');
    await sstitchJson('generate', source, '--grants', '50');
    await sstitchJson('compact', '--base', store, '--from', source, '--sync', SYNC);
    expect(await sstitchJson('verify', store)).toMatchObject({
      ok: true,
      keysOfNoSync: 300,
      syncs: 1,
    });
    expect((await digestsOf(store))[SYNC]).toBe((await digestsOf(source))[SYNC]);
  });

  it('reports a key that does not match the layout of its bucket as a problem once it holds a sync', async () => {
    const stray = Uint8Array.of(3, 1, 2);
    const store = await adopted(
      await plainDatabase([stray, syncRunKey(parseSyncId(SYNC)), ...textKeys(5)]),
    );
    const { exitCode, stdout } = await sstitch(['verify', store, '--json']);
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ keysOfNoSync: 5 });
    expect(stdout).toContain(toHex(stray));
  });
});

describe('a directory of another database', () => {
  it('is named by every command, and no command advises to adopt it', async () => {
    const directory = join(testDirectory(), 'rocks');
    mkdirSync(directory);
    writeFileSync(join(directory, 'CURRENT'), 'MANIFEST-000004\n');
    writeFileSync(join(directory, 'MANIFEST-000004'), '');
    writeFileSync(join(directory, 'IDENTITY'), 'any');
    for (const command of [
      ['adopt', directory, join(testDirectory(), 'store')],
      ['verify', directory],
      ['levels', directory],
      ['scan', directory],
      ['manifest', 'dump', directory],
    ]) {
      const { exitCode, stderr } = await sstitch(command);
      expect(exitCode, command[0]).not.toBe(0);
      expect(stderr, command[0]).toMatch(/this is a RocksDB database/);
      expect(stderr, command[0]).not.toMatch(/adopt it|corrupt/);
    }
  });
});

/** Creates a store without compression and flips one bit of a grant in its table. */
async function damagedStore(): Promise<{ store: string; path: string }> {
  const generated = join(testDirectory(), 'generated');
  await sstitchJson('generate', generated, '--grants', '100');
  const location = join(testDirectory(), 'store');
  const store = await byteStore(location);
  let grant: Uint8Array | undefined;
  await withReader(generated, async (reader) => {
    for await (const page of scanSpan(reader, { start: new Uint8Array(0), end: undefined })) {
      await store.batch(
        page.map(([key, value]) => ({ type: 'put' as const, key, value })),
        byteEncodings,
      );
    }
    for await (const [entry] of scanSpan(reader, bucketSpan('grant', SYNC))) grant ??= entry?.[1];
  });
  await store.compactRange(new Uint8Array(0), new Uint8Array(40).fill(255));
  await store.close();
  if (grant === undefined) throw new Error('there is no grant');
  const directory = join(location, readFileSync(join(location, 'CURRENT'), 'latin1').trim());
  for (const name of readdirSync(directory).filter((candidate) => candidate.endsWith('.ldb'))) {
    const path = join(directory, name);
    const contents = readFileSync(path);
    const at = contents.indexOf(grant);
    if (at < 0) continue;
    const last = at + grant.length - 1;
    chmodSync(path, 0o644);
    const file = openSync(path, 'r+');
    writeSync(file, Uint8Array.of((contents[last] as number) ^ 1), 0, 1, last);
    closeSync(file);
    return { store: location, path };
  }
  throw new Error('the grant lies in no table');
}

describe('a store with a damaged uncompressed block', () => {
  it('makes digest, export, diff and compact fail, and each names the file', async () => {
    const { store, path } = await damagedStore();
    const sound = join(testDirectory(), 'sound');
    await sstitchJson('generate', sound, '--grants', '100');
    const sync = ['--sync', SYNC];
    for (const command of [
      ['digest', store, ...sync],
      ['export', store, ...sync],
      ['diff', store, sound, ...sync],
      ['diff', sound, store, ...sync],
      ['compact', '--base', sound, '--from', store, '--strategy', 'batch', ...sync],
      ['verify', store],
    ]) {
      const { exitCode, stdout, stderr } = await sstitch(command);
      expect(exitCode, command[0]).toBe(4);
      expect(`${stdout}${stderr}`, command[0]).toContain(path);
      if (command[0] !== 'verify') expect(stdout, command[0]).toBe('');
    }
    expect((await digestsOf(sound))[SYNC]).toBeDefined();
  });
});

describe('a store with a table whose end is damaged', () => {
  it('makes levels fail, which names the table as the store does', async () => {
    const location = join(testDirectory(), 'old (and new) stores', 'store');
    await sstitchJson('generate', location, '--grants', '10');
    const tables = join(location, readFileSync(join(location, 'CURRENT'), 'latin1').trim());
    const table = join(tables, readdirSync(tables).find((name) => name.endsWith('.ldb')) ?? '');
    const bytes = readFileSync(table);
    chmodSync(table, 0o644);
    writeFileSync(table, bytes.fill(0, bytes.length - 8));
    const { exitCode, stderr } = await sstitch(['levels', location]);
    expect(exitCode).toBe(4);
    const problem = 'not a LevelDB table: the magic number at its end is wrong';
    expect(stderr).toBe(`sstitch: ${problem} (${table} at byte ${bytes.length - 48})\n`);
  });
});

describe.skipIf(!existsSync(CASES))(
  'a sample of ../shared/cases (skipped where it is missing)',
  () => {
    function unpack(name: string): string {
      const directory = testDirectory();
      execFileSync('tar', ['-xzf', join(CASES, `${name}.tar.gz`), '-C', directory]);
      return join(directory, readdirSync(directory)[0] ?? '');
    }

    it.each(['goleveldb-bloom', 'iq80-level0'])(
      'adopts, replaces, verifies and inspects %s',
      async (name) => {
        const database = unpack(name);
        const store = await adopted(database);
        expect(await sstitchJson('verify', store)).toMatchObject({ ok: true, syncs: 0 });
        for (const command of [
          ['levels', store],
          ['scan', store],
          ['manifest', 'dump', database],
          ...readdirSync(database)
            .filter((file) => /\.(ldb|sst)$/.test(file))
            .flatMap((file) => [
              ['sst', 'verify', join(database, file)],
              ['sst', 'dump', join(database, file)],
            ]),
        ]) {
          const { exitCode, stdout } = await sstitch(command);
          expect([exitCode, stdout.includes('malformed')], command.join(' ')).toEqual([0, false]);
        }
        const source = join(testDirectory(), 'source');
        await sstitchJson('generate', source, '--grants', '50');
        await sstitchJson('compact', '--base', store, '--from', source, '--sync', SYNC);
        expect(await sstitchJson('verify', store)).toMatchObject({ ok: true, syncs: 1 });
      },
    );

    it('every command names rocksdb', async () => {
      const database = unpack('rocksdb');
      const table = readdirSync(database).find((file) => file.endsWith('.sst')) ?? '';
      for (const command of [
        ['adopt', database, join(testDirectory(), 'store')],
        ['verify', database],
        ['levels', database],
        ['manifest', 'dump', database],
        ['sst', 'verify', join(database, table)],
        ['sst', 'dump', join(database, table)],
      ]) {
        const { exitCode, stderr } = await sstitch(command);
        expect(exitCode, command.join(' ')).not.toBe(0);
        expect(stderr).toMatch(/a RocksDB database|a table of RocksDB/);
        expect(stderr).not.toMatch(/adopt it/);
      }
    });
  },
);
