// Rules 1 to 8 of docs/leveldb-rules.md: what LevelDB 1.20 requires of a MANIFEST that it did not write.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem, TableReader } from '@sstitch/sst';
import { compareInternalKeys } from '@sstitch/sst/file-format';
import { ClassicLevel } from 'classic-level';
import { describe, expect, test } from 'vitest';
import { beginStage, finishStage, type StageRequest } from '../src/commit/stage.js';
import { extractTables } from '../src/extract/extract-tables.js';
import { fsyncHeldFiles } from '../src/files/held-files.js';
import { adopt } from '../src/index.js';
import { parseLevelFileName, tableFileName } from '../src/leveldb/file-names.js';
import { readLogRecords } from '../src/leveldb/log-format.js';
import {
  applyEdits,
  checkVersion,
  encodeManifest,
  readCurrent,
  readVersion,
  tablesOf,
  type Version,
} from '../src/leveldb/manifest.js';
import { decodeVersionEdit, encodeVersionEdit } from '../src/leveldb/version-edit.js';
import { checkedSpans } from '../src/tables/extracted-tables.js';
import { COPY_PARTS } from '../src/tables/split-policy.js';
import { doTableJob } from '../src/tables/table-jobs.js';
import { InlinePool } from '../src/threads/inline-pool.js';
import { type CraftedLevels, writeLevelDirectory } from './level-directory.js';
import {
  bytes,
  compactFully,
  contentsOf,
  currentDirectory,
  expectContents,
  numbered,
  openStore,
  pagesOf,
  put,
  rejection,
  span,
  temporaryDirectory,
} from './store-fixture.js';

const LEVELS: CraftedLevels = {
  0: [[{ key: 'b', sequence: 9, value: 'new' }]],
  1: [
    [
      { key: 'a', sequence: 5, value: '1' },
      { key: 'b', sequence: 6, value: '1' },
    ],
    [
      { key: 'm', sequence: 7, value: '1' },
      { key: 'z', sequence: 8, value: '1' },
    ],
  ],
  6: [
    [
      { key: 'a', sequence: 1, value: 'old' },
      { key: 'z', sequence: 2, value: 'old' },
    ],
  ],
};

/** Makes a directory of LEVELS and a generation staged from it, without "m" to "n". */
function staged(alter?: (version: Version) => Version) {
  const directory = temporaryDirectory();
  const base = writeLevelDirectory(join(directory, 'base'), LEVELS, alter ? { alter } : {});
  const request: StageRequest = {
    baseDirectory: join(directory, 'base'),
    nextDirectory: join(directory, 'next'),
    spans: [span('m', 'n')],
    incoming: [[]],
    incomingSequence: 0,
    move: 'none',
  };
  const go = () => undefined;
  const { nextDirectory } = request;
  nodeFileSystem.mkdir(nextDirectory);
  const session = {};
  const begun = beginStage(nodeFileSystem, request, go, session);
  if (begun !== undefined && 'jobs' in begun) {
    const policy = { mode: 'share', fromBytes: 0 } as const;
    const outputs = begun.jobs.map((job) => doTableJob(nodeFileSystem, { job, policy }));
    const outcomes = outputs.map(({ outcome }) => outcome);
    for (const { unsynced } of outputs) fsyncHeldFiles(nodeFileSystem, unsynced);
    finishStage(nodeFileSystem, { outcomes }, go, session);
  }
  const next = readVersion(nodeFileSystem, nextDirectory);
  return { directory, base, next, nextDirectory };
}

/** Returns the records of a directory's current MANIFEST. */
function manifestOf(directory: string) {
  const path = join(directory, readCurrent(nodeFileSystem, directory));
  return { path, records: [...readLogRecords(nodeFileSystem.readFile(path), path)] };
}

const EMPTY = { deleted: [], added: [] };

describe('rule 1: counters and comparator', () => {
  test.each(['logNumber', 'nextFileNumber', 'lastSequence'] as const)(
    'rule 1: a MANIFEST without %s is refused',
    (missing) => {
      const whole = { ...EMPTY, logNumber: 3, nextFileNumber: 4, lastSequence: 5 };
      const { [missing]: _, ...rest } = whole;
      expect(() => applyEdits([rest], 'MANIFEST')).toThrow(/lacks a counter/);
    },
  );

  test('rule 1: a comparator other than the bytewise one is refused', () => {
    expect(() => applyEdits([{ ...EMPTY, comparator: 'idb_cmp1' }], 'MANIFEST')).toThrow(
      expect.objectContaining({ code: 'SSTITCH_STORE_FORMAT' }),
    );
  });

  test('rule 1: a staged MANIFEST names the comparator and all three counters', () => {
    const [record] = manifestOf(staged().nextDirectory).records;
    const edit = decodeVersionEdit(record?.data ?? bytes(''), 'MANIFEST', 0);
    expect(edit.comparator).toBe('leveldb.BytewiseComparator');
    for (const counter of [edit.logNumber, edit.nextFileNumber, edit.lastSequence]) {
      expect(counter).toBeGreaterThan(0);
    }
  });
});

describe('rule 2: the MANIFEST is one record', () => {
  test('rule 2: a staged MANIFEST is one record', () => {
    expect(manifestOf(staged().nextDirectory).records).toHaveLength(1);
  });

  test('rule 2: thousands of tables, over many log blocks, are one record, which is ignored when it is torn anywhere', () => {
    const tables = Array.from({ length: 3000 }, (_, index) => {
      const key = bytes(`${String(index).padStart(6, '0')}${'\x01'.repeat(8)}`);
      return { number: index + 1, sizeBytes: 4096, smallest: key, largest: key };
    });
    const version: Version = {
      levels: [[], [], [], [], [], [], tables],
      logNumber: 4000,
      previousLogNumber: 0,
      nextFileNumber: 4001,
      lastSequence: 1,
    };
    const manifest = encodeManifest(version);
    expect(manifest.byteLength).toBeGreaterThan(3 * 32_768);
    const records = [...readLogRecords(manifest, 'MANIFEST')];
    expect(records).toHaveLength(1);
    expect(applyEdits([decodeVersionEdit(records[0]?.data ?? bytes(''), '', 0)], '')).toEqual(
      version,
    );
    for (const size of [0, 7, 32_768, 65_536, manifest.byteLength - 1]) {
      expect([...readLogRecords(manifest.subarray(0, size), 'MANIFEST')]).toEqual([]);
    }
  });
});

describe('rule 3: CURRENT', () => {
  test.each([
    ['has no newline', 'MANIFEST-000005'],
    ['leads out of the directory', '../base/MANIFEST-000005\n'],
    ['names a directory', 'sub/MANIFEST-000005\n'],
    ['names something else', '000005.ldb\n'],
    ['is empty', ''],
    ['is very long', `MANIFEST-000005${' '.repeat(10_000)}\n`],
  ])('rule 3: adopt refuses a CURRENT that %s, and leaves nothing', async (_, current) => {
    const directory = temporaryDirectory();
    writeLevelDirectory(join(directory, 'base'), LEVELS);
    writeFileSync(join(directory, 'base', 'CURRENT'), current);
    const error = await rejection(
      adopt(join(directory, 'base'), join(directory, 'store'), { fileSystem: nodeFileSystem }),
    );
    expect(error.code).toBe('SSTITCH_STORE_CORRUPT');
    expect(error.message).toContain('CURRENT');
    expect(existsSync(join(directory, 'store'))).toBe(false);
  });

  test('rule 3: a staged CURRENT names the MANIFEST next to it and ends in a newline', () => {
    const { nextDirectory } = staged();
    const current = readFileSync(join(nextDirectory, 'CURRENT'), 'latin1');
    expect(current).toMatch(/^MANIFEST-\d{6}\n$/);
    expect(existsSync(join(nextDirectory, current.trimEnd()))).toBe(true);
  });
});

describe('rule 4: file numbers and shared tables', () => {
  test('rule 4: the staged next file number is above every number in the directory', () => {
    const { nextDirectory, next } = staged();
    const numbers = readdirSync(nextDirectory).map((name) => parseLevelFileName(name)?.number ?? 0);
    expect(next.nextFileNumber).toBeGreaterThan(Math.max(...numbers));
  });

  test('rule 4: a MANIFEST that lists a table at or above its next file number is refused', () => {
    const { base } = staged();
    const low: Version = { ...base, nextFileNumber: 4, logNumber: 3 };
    expect(() => checkVersion(low, 'MANIFEST')).toThrow(/lists table/);
  });

  test('rule 4: split and built tables are read-only files', async () => {
    const directory = temporaryDirectory();
    writeLevelDirectory(join(directory, 'base'), LEVELS);
    await adopt(join(directory, 'base'), join(directory, 'store'), { fileSystem: nodeFileSystem });
    const store = await openStore(join(directory, 'store'));
    const { commit } = await store.replaceSpans([span('m', 'n')], pagesOf(new Map([['m', '2']])));
    expect(commit.base.split.tables).toBe(3);
    expect(commit.spans[0]?.built.tables).toBe(1);
    const made = newTables(await currentDirectory(store), join(directory, 'base'));
    expect(made.map((path) => statSync(path).mode & 0o777)).toEqual([0o444, 0o444, 0o444, 0o444]);
  });

  test('rule 4: runs that extract merges for want of levels are read-only files', async () => {
    const directory = temporaryDirectory();
    const oneKey = (sequence: number) => [{ key: 'k', sequence, value: `${sequence}` }];
    writeLevelDirectory(join(directory, 'base'), {
      0: [6, 7, 8, 9].map(oneKey),
      1: [oneKey(5)],
      2: [oneKey(4)],
      6: [oneKey(1)],
    });
    const request = {
      sourceDirectory: join(directory, 'base'),
      targetDirectory: join(directory, 'out'),
      spans: [span('k', 'l')],
      leastLogNumber: 0,
      policy: COPY_PARTS,
      verify: false,
    };
    const pool = new InlinePool(nodeFileSystem);
    const spans = await checkedSpans(await extractTables(pool, request, undefined));
    const files = spans[0]?.runs.flat() ?? [];
    expect(files.map(({ origin }) => origin)).toEqual([
      'linked',
      'linked',
      'linked',
      'linked',
      'linked',
      'built',
    ]);
    expect(statSync(files.at(-1)?.path ?? '').mode & 0o777).toBe(0o444);
  });

  test('rule 4: what a store writes and compacts never changes a table that another one shares', async () => {
    const directory = temporaryDirectory();
    const source = await openStore(join(directory, 'source'), { writeBufferSize: 64 * 1024 });
    const model = numbered('k', 3000, 'v'.repeat(100));
    await put(source, model);
    await compactFully(source);
    await source.checkpoint(join(directory, 'copy'));
    const before = fingerprints(await currentDirectory(source));
    expect(before.size).toBeGreaterThan(0);

    const copy = await openStore(join(directory, 'copy'), { writeBufferSize: 64 * 1024 });
    await copy.excise([span('k1000', 'k2000')]);
    for (let round = 0; round < 5; round++) {
      await put(copy, numbered('k', 3000, `${round}`.repeat(100)));
      await compactFully(copy);
    }
    expect(fingerprints(await currentDirectory(source))).toEqual(before);
    await expectContents(source, model);
  });
});

test('rule 5: the staged log number is below the first log that LevelDB makes, and no log is carried over', async () => {
  const { nextDirectory, next } = staged();
  expect(next.logNumber).toBeLessThan(next.nextFileNumber);
  expect(readdirSync(nextDirectory).filter((name) => name.endsWith('.log'))).toEqual([]);
  const database = new ClassicLevel(nextDirectory);
  await database.open();
  for (const name of readdirSync(nextDirectory)) {
    const parsed = parseLevelFileName(name);
    if (parsed?.kind === 'log') expect(parsed.number).toBeGreaterThanOrEqual(next.logNumber);
  }
  await database.close();
});

test('rule 5: a stray log below the log number is not adopted; a MANIFEST whose log lies beyond its next file is refused', async () => {
  const directory = temporaryDirectory();
  const base = writeLevelDirectory(join(directory, 'base'), LEVELS);
  writeFileSync(join(directory, 'base', '000001.log'), 'stray: not even a log');
  await adopt(join(directory, 'base'), join(directory, 'store'), { fileSystem: nodeFileSystem });
  expect(existsSync(join(directory, 'store', 'gen-000001', '000001.log'))).toBe(false);
  expect(() => checkVersion({ ...base, logNumber: base.nextFileNumber }, '')).toThrow(/log beyond/);
});

describe('rule 6: the last sequence', () => {
  test('rule 6: the staged last sequence is the greater of base and incoming', () => {
    const { base, next } = staged();
    expect(next.lastSequence).toBe(base.lastSequence);
    const low = staged((version) => ({ ...version, lastSequence: 1_000 }));
    expect(low.next.lastSequence).toBe(1_000);
  });

  test('rule 6: a sequence near the limit is refused', () => {
    const { base } = staged();
    expect(() => checkVersion({ ...base, lastSequence: 2 ** 53 }, '')).toThrow(/near the limit/);
  });
});

test('rule 7: staged bounds are the first and last internal key of each table', () => {
  const { nextDirectory, next } = staged();
  const tables = tablesOf(next);
  expect(tables.length).toBeGreaterThanOrEqual(4);
  for (const { table } of tables) {
    const reader = TableReader.open(
      nodeFileSystem,
      join(nextDirectory, tableFileName(table.number)),
    );
    expect(compareInternalKeys(table.smallest, reader.smallest())).toBe(0);
    expect(compareInternalKeys(table.largest, reader.largest())).toBe(0);
    reader.close();
  }
});

test('rule 7: a bound without its eight-byte trailer is refused', () => {
  const table = {
    number: 1,
    sizeBytes: 1,
    smallest: bytes('short'),
    largest: bytes('x'.repeat(9)),
  };
  const edit = encodeVersionEdit({ deleted: [], added: [{ level: 1, table }] });
  expect(() => decodeVersionEdit(edit, 'MANIFEST', 0)).toThrow(/without a trailer/);
});

test('rule 8: a staged edit has no compaction pointer: it encodes to the bytes it was decoded from', () => {
  const [record] = manifestOf(staged().nextDirectory).records;
  const data = record?.data ?? bytes('');
  expect(encodeVersionEdit(decodeVersionEdit(data, '', 0))).toEqual(data);
});

test('rule 8: pointers that LevelDB wrote are read over and left out', async () => {
  const directory = temporaryDirectory();
  const store = await openStore(join(directory, 'store'), {
    writeBufferSize: 64 * 1024,
    maxFileSize: 1024 * 1024,
  });
  for (let round = 0; round < 8; round++) {
    await put(store, numbered('k', 1500, `${round}`.repeat(60)));
    await compactFully(store);
  }
  const { records } = manifestOf(await currentDirectory(store));
  const losesBytes = records.some(({ data }) => {
    const again = encodeVersionEdit(decodeVersionEdit(data, '', 0));
    return again.byteLength < data.byteLength;
  });
  expect(losesBytes).toBe(true);
  const before = await contentsOf(store);
  await store.excise([]);
  await expectContents(store, before);
});

/** Returns the tables of a directory that are not links to another directory's files. */
function newTables(directory: string, otherDirectory: string): string[] {
  const known = new Set(
    readdirSync(otherDirectory).map((name) => statSync(join(otherDirectory, name)).ino),
  );
  return readdirSync(directory)
    .filter((name) => name.endsWith('.ldb'))
    .map((name) => join(directory, name))
    .filter((path) => !known.has(statSync(path).ino));
}

function fingerprints(directory: string): Map<string, string> {
  return new Map(
    readdirSync(directory)
      .filter((name) => name.endsWith('.ldb'))
      .map((name) => [name, readFileSync(join(directory, name)).toString('base64')]),
  );
}
