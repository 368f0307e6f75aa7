// Logs are kept until LevelDB has replayed them, and a log that it skips is replayed by the store.
//
// LevelDB skips and removes a log that it cannot open. These tests simulate that by emptying a log before LevelDB opens
// it. The torture family leveldb-faults produces the real failure.
import { existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { ClassicLevel } from 'classic-level';
import { describe, expect, test } from 'vitest';
import { openReadOnly, readManifest } from '../src/index.js';
import { logFileName } from '../src/leveldb/file-names.js';
import { checkGeneration } from '../src/leveldb/inspect-generation.js';
import { writeLogRecords } from '../src/leveldb/log-format.js';
import { writeManifest } from '../src/leveldb/manifest.js';
import { keepLogs } from '../src/store-directory/kept-logs.js';
import { kill, openedElsewhere, startChild } from './child-process.js';
import {
  bytes,
  type Contents,
  contentsOf,
  currentDirectory,
  expectContents,
  expectTidy,
  numbered,
  openFailure,
  openStore,
  put,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';
import { type WatchedFileSystem, watchedFileSystem } from './watched-file-system.js';

const never = () => undefined;

/** Makes a closed store with one log that is not empty. */
async function closedStore() {
  const path = join(temporaryDirectory(), 'store');
  const store = await openStore(path);
  const contents = new Map([...numbered('a', 20, 'first'), ...numbered('b', 20, 'first')]);
  await put(store, contents);
  await put(store, [['a0000', 'second']]);
  contents.set('a0000', 'second');
  const directory = await currentDirectory(store);
  await store.close();
  const log = join(directory, logFileName(readManifest(directory).version.logNumber));
  const place = { root: path, label: 'gen-000001', directory };
  return { path, directory, log, contents, place };
}

/** Adds a log of one batch after all others. */
function addLog(directory: string, sequence: number, entries: Contents): string {
  const { version } = readManifest(directory);
  const parts = [...entries].map(([key, value]) =>
    Buffer.concat([
      Buffer.from([1, key.length]),
      Buffer.from(key),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );
  const header = Buffer.alloc(12);
  header.writeBigUInt64LE(BigInt(sequence), 0);
  header.writeUInt32LE(entries.size, 8);
  const path = join(directory, logFileName(version.logNumber + 1));
  writeFileSync(path, writeLogRecords([Buffer.concat([header, ...parts])]));
  return path;
}

/** Empties a log after it was kept, just before LevelDB opens it. */
function losing(log: string): WatchedFileSystem {
  const watched = watchedFileSystem();
  let isKept = false;
  watched.before = ({ name, path }) => {
    if (name === 'rename' && path.includes('/recovery/')) isKept = true;
    if (!isKept || name !== 'fsyncDir' || !existsSync(log)) return;
    rmSync(log);
    writeFileSync(log, '');
    isKept = false;
  };
  return watched;
}

/** Likewise for a process that ends after LevelDB has lost the log. */
async function loseAndCrash(directory: string, log: string): Promise<void> {
  rmSync(log);
  writeFileSync(log, '');
  const database = new ClassicLevel(directory);
  await database.open();
  await database.close();
}

function keep({ place }: { place: { root: string; label: string; directory: string } }): string {
  const checked = checkGeneration(nodeFileSystem, place, never);
  const name = keepLogs(nodeFileSystem, { ...place, ...checked });
  return join(place.root, 'recovery', name ?? 'none');
}

const hasRecovery = (path: string) => readdirSync(path).some((name) => name.startsWith('recovery'));

describe('an open', () => {
  test('replays a log that LevelDB did not replay', async () => {
    const { path, log, contents } = await closedStore();
    const store = await openStore(path, { fileSystem: losing(log) });
    await expectContents(store, contents);
    expect(hasRecovery(path)).toBe(false);
    await put(store, [['a0000', 'third']]);
    contents.set('a0000', 'third');
    await store.close();
    await expectContents(await openStore(path), contents);
    expectTidy(path);
  });

  test('leaves no kept log if LevelDB replayed it', async () => {
    const { path, contents } = await closedStore();
    const store = await openStore(path);
    await expectContents(store, contents);
    expect(hasRecovery(path)).toBe(false);
  });

  test('replays all logs if one of several was lost', async () => {
    const { path, directory, log, contents } = await closedStore();
    const later = new Map([
      ['a0001', 'later'],
      ['c0000', 'later'],
    ]);
    addLog(directory, 42, later);
    const store = await openStore(path, { fileSystem: losing(log) });
    for (const [key, value] of later) contents.set(key, value);
    await expectContents(store, contents);
    expect(hasRecovery(path)).toBe(false);
  });

  test('detects a lost log even if the MANIFEST had its sequences already', async () => {
    const { path, directory, log, contents } = await closedStore();
    // A compaction without a flush records such a version.
    const { version, name } = readManifest(directory);
    rmSync(join(directory, name));
    rmSync(join(directory, 'CURRENT'));
    const number = version.nextFileNumber;
    const newer = { ...version, lastSequence: 1000, nextFileNumber: number + 1 };
    writeManifest(nodeFileSystem, directory, newer, number);
    await expectContents(await openStore(path, { fileSystem: losing(log) }), contents);
  });

  test('replays after an open that was killed when LevelDB had lost the log', async () => {
    const made = await closedStore();
    keep(made);
    await loseAndCrash(made.directory, made.log);
    await expectContents(await openStore(made.path), made.contents);
    expect(hasRecovery(made.path)).toBe(false);
  });

  test('replays after an open that was killed during its own replay', async () => {
    const made = await closedStore();
    keep(made);
    await loseAndCrash(made.directory, made.log);
    const watched = watchedFileSystem();
    watched.before = ({ name, path }) => {
      if (name === 'rename' && path.endsWith('/recovery')) throw fault('EIO');
    };
    expect((await openFailure(made.path, { fileSystem: watched })).code).toBe(
      'SSTITCH_FILE_OPERATION',
    );
    // The logs are in the database already, but are replayed again, as nothing was written since.
    expect(readdirSync(join(made.path, 'recovery'))).toEqual([
      expect.stringMatching(/^apply-gen-000001\.\d+\.[0-9a-f]+$/),
    ]);
    await expectContents(await openStore(made.path), made.contents);
    expect(hasRecovery(made.path)).toBe(false);
  });

  test('fails and keeps the logs if they cannot be replayed, and the next open replays them', async () => {
    const made = await closedStore();
    keep(made);
    await loseAndCrash(made.directory, made.log);
    const watched = watchedFileSystem();
    let reads = 0;
    watched.before = ({ name, path }) => {
      if (name === 'open' && path.includes('/apply-') && ++reads === 2) throw fault('EMFILE');
    };
    const error = await openFailure(made.path, { fileSystem: watched });
    expect(error.code).toBe('SSTITCH_FILE_OPERATION');
    await expectContents(await openStore(made.path), made.contents);
  });

  test('does not replay logs that a killed second process kept of a store that was written to since', async () => {
    const made = await closedStore();
    const owner = await openStore(made.path);
    await put(owner, [['a0000', 'third']]);
    keep(made);
    await put(owner, [['a0000', 'fourth']]);
    // Writes to a table, and to a new log.
    await owner.compactRange(bytes(''), bytes('z'));
    await put(owner, [['a0000', 'fifth']]);
    keep(made);
    await owner.compactRange(bytes(''), bytes('z'));
    await put(owner, [['a0000', 'sixth']]);
    await owner.close();
    made.contents.set('a0000', 'sixth');
    await expectContents(await openStore(made.path), made.contents);
    expect(hasRecovery(made.path)).toBe(false);
  });

  test('does not replay logs that were kept of an older generation', async () => {
    const made = await closedStore();
    keep(made);
    const owner = await openStore(made.path, { fileSystem: watchedFileSystem() });
    keep(made);
    await owner.excise([{ start: bytes('a'), end: bytes('b') }]);
    await owner.close();
    for (const key of [...made.contents.keys()]) if (key < 'b') made.contents.delete(key);
    await expectContents(await openStore(made.path), made.contents);
    expect(hasRecovery(made.path)).toBe(false);
  });

  test('ignores and removes an incomplete set', async () => {
    const made = await closedStore();
    await rename(keep(made));
    await expectContents(await openStore(made.path), made.contents);
    expect(hasRecovery(made.path)).toBe(false);
  });

  test.each(['its set', 'the log in its set'])(
    'succeeds if a process that found the store locked removes %s meanwhile',
    async (what) => {
      const made = await closedStore();
      const set = keep(made);
      const watched = watchedFileSystem();
      let isRemoved = false;
      watched.before = ({ name, path }) => {
        const isRead = what === 'the log in its set' ? name === 'open' : name === 'readdir';
        if (!isRead || !path.startsWith(set)) return;
        isRemoved = true;
        rmSync(set, { recursive: true });
      };
      await expectContents(await openStore(made.path, { fileSystem: watched }), made.contents);
      expect([isRemoved, hasRecovery(made.path)]).toEqual([true, false]);
    },
  );

  test('leaves no set if the store is locked', async () => {
    const { path } = await closedStore();
    const child = startChild('open-store', path);
    await new Promise((resolve) => child.once('message', resolve));
    expect(await openedElsewhere(path)).toBe('LEVEL_LOCKED');
    expect(hasRecovery(path)).toBe(false);
    await kill(child);
  });
});

test('a read-only open has the writes that LevelDB did not replay, and leaves nothing in the store', async () => {
  const { path, log, contents } = await closedStore();
  const watched = watchedFileSystem();
  watched.before = ({ name, path: at }) => {
    // The log of the private copy.
    if (name !== 'fsyncDir' || !at.includes('/recovery')) return;
    const copy = join(at.slice(0, at.indexOf('/recovery')), log.slice(-10));
    if (!existsSync(copy)) return;
    rmSync(copy);
    writeFileSync(copy, '');
  };
  const reader = await openReadOnly<Uint8Array, Uint8Array>(path, {
    ...VIEW,
    fileSystem: watched,
  });
  expect(await contentsOf(reader)).toEqual(contents);
  await reader.close();
  expect(hasRecovery(path)).toBe(false);
});

test('a batch that is larger than a chunk is replayed in chunks', async () => {
  const path = join(temporaryDirectory(), 'store');
  const store = await openStore(path, { writeBufferSize: 64 * 1024 * 1024 });
  const contents = numbered('k', 300, 'x'.repeat(150_000));
  await put(store, contents);
  await put(store, [['k0000', 'last']]);
  contents.set('k0000', 'last');
  const directory = await currentDirectory(store);
  await store.close();
  const log = join(directory, logFileName(readManifest(directory).version.logNumber));
  // An incomplete record follows them, of which nothing is written.
  truncateSync(log, nodeFileSystem.status(log).sizeBytes + 3);
  await expectContents(await openStore(path, { fileSystem: losing(log) }), contents);
});

function fault(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code });
}

async function rename(set: string): Promise<void> {
  const log = readdirSync(set)[0] ?? '';
  rmSync(join(set, log));
  nodeFileSystem.rename(set, `${set}.tmp`);
}
