// Logs that are damaged before their end: they are refused wherever LevelDB would replay them, and salvaged on request.

import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFileSystem } from '@sstitch/sst';
import { ClassicLevel } from 'classic-level';
import { describe, expect, test } from 'vitest';
import {
  adopt,
  EngineError,
  openReadOnly,
  readManifest,
  salvageLogs,
  verifyStore,
} from '../src/index.js';
import { logFileName } from '../src/leveldb/file-names.js';
import { kill, startChild } from './child-process.js';
import {
  bytes,
  contentsOf,
  currentDirectory,
  expectContents,
  numbered,
  openFailure,
  openStore,
  put,
  rejection,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';

/** Makes a closed store whose log holds ten synced batches of three keys. */
async function closedStore() {
  const path = join(temporaryDirectory(), 'store (copy) of it');
  const store = await openStore(path);
  for (let index = 0; index < 10; index++) {
    const entries = numbered(`k${index}`, 3, 'value '.repeat(20));
    await store.batch(
      [...entries].map(([key, value]) => ({ type: 'put', key: bytes(key), value: bytes(value) })),
      { ...VIEW, sync: true },
    );
  }
  const directory = await currentDirectory(store);
  await store.close();
  const log = join(directory, logFileName(readManifest(directory).version.logNumber));
  return { path, directory, log, size: readFileSync(log).length };
}

function flip(file: string, at: number): void {
  const content = readFileSync(file);
  content.writeUInt8(content.readUInt8(at) ^ 0x40, at);
  writeFileSync(file, content);
}

async function keyCount(path: string): Promise<number> {
  const store = await openStore(path);
  const { size } = await contentsOf(store);
  await store.close();
  return size;
}

/** Returns the errors of a read-only open and an adopt of a directory. */
async function readFailure(path: string): Promise<EngineError> {
  const error: unknown = await openReadOnly(path, { fileSystem: nodeFileSystem }).then(
    () => undefined,
    ({ cause }: Error) => cause,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

describe('a log that is damaged before its end', () => {
  test('is refused by open, openReadOnly and adopt, with file and offset, and nothing is lost', async () => {
    const { path, directory, log } = await closedStore();
    flip(log, 30);
    for (const error of [
      await openFailure(path),
      await readFailure(path),
      await rejection(adopt(directory, join(path, '..', 'adopted'))),
    ]) {
      expect([error.code, error.path, error.offset]).toEqual(['SSTITCH_STORE_CORRUPT', log, 0]);
      expect(error.message).toContain('sstitch salvage');
      expect(error.message).toContain(`(${log}, offset 0), and the log does not end there: `);
      expect(error.message.split(log)).toHaveLength(2);
    }
    expect(existsSync(join(path, '..', 'adopted'))).toBe(false);
    expect((await verifyStore(path, { fileSystem: nodeFileSystem })).problems).toMatchObject([
      { kind: 'log', path: log, offset: 0 },
    ]);
    flip(log, 30);
    expect(await keyCount(path)).toBe(30);
  });

  test.each([
    ['zeros in the middle', (content: Buffer, size: number) => content.fill(0, 100, size / 2)],
    ['a length in the middle', (content: Buffer) => content.writeUInt16LE(65_000, 4)],
  ])('is refused for %s', async (_, damage) => {
    const { path, log, size } = await closedStore();
    const content = readFileSync(log);
    damage(content, size);
    writeFileSync(log, content);
    expect((await openFailure(path)).code).toBe('SSTITCH_STORE_CORRUPT');
  });

  test('makes a commit fail, which loses nothing', async () => {
    const { path } = await closedStore();
    const store = await openStore(path);
    await put(store, numbered('m', 10, 'v'));
    await put(store, numbered('n', 10, 'v'));
    const directory = await currentDirectory(store);
    const log = join(directory, logFileName(readManifest(directory).version.logNumber));
    const before = await contentsOf(store);
    flip(log, 40);
    const error = await rejection(store.excise([{ start: bytes('x'), end: bytes('y') }]));
    expect([error.code, error.path, error.offset]).toEqual(['SSTITCH_STORE_CORRUPT', log, 0]);
    await expectContents(store, before);
    flip(log, 40);
    await store.excise([{ start: bytes('x'), end: bytes('y') }]);
    await expectContents(store, before);
  });
});

describe('a log with an end that a crash leaves opens with the records before it:', () => {
  test.each([
    ['a truncated last record', (log: string, size: number) => truncateSync(log, size - 5), 27],
    ['zeros at the end', (log: string) => appendFileSync(log, Buffer.alloc(70_000)), 30],
    ['garbage at the end', (log: string) => appendFileSync(log, Buffer.alloc(9000, 0xab)), 30],
    // It looks the same as unsynced last pages that a power cut has lost.
    ['a flipped bit in the last record', (log: string, size: number) => flip(log, size - 50), 27],
  ])('%s', async (_, end, count) => {
    const { path, log, size } = await closedStore();
    end(log, size);
    const { problems, notes } = await verifyStore(path, { fileSystem: nodeFileSystem });
    expect([problems, notes.length]).toEqual([[], 1]);
    const reader = await openReadOnly<Uint8Array, Uint8Array>(path, {
      ...VIEW,
      fileSystem: nodeFileSystem,
    });
    expect((await contentsOf(reader)).size).toBe(count);
    await reader.close();
    expect(await keyCount(path)).toBe(count);
  });
});

describe('salvageLogs', () => {
  test('keeps the records before the damage and a complete copy of the log, and reports how much it dropped', async () => {
    const { path, log, size } = await closedStore();
    const damageAt = Math.floor(size / 2);
    flip(log, damageAt);
    const whole = readFileSync(log);
    const report = await salvageLogs(path, { fileSystem: nodeFileSystem });
    const copy = join(path, 'salvaged', `gen-000001-${log.slice(-10)}`);
    const [salvaged] = report.logs;
    expect(report).toMatchObject({
      generation: 1,
      keptOperations: 15,
      logs: [{ path: log, copy, keptOperations: 15 }],
    });
    expect(salvaged?.damage?.offset).toBe(salvaged?.keptBytes);
    expect((salvaged?.keptBytes ?? 0) + report.droppedBytes).toBe(size);
    expect(readFileSync(copy)).toEqual(whole);
    expect(await keyCount(path)).toBe(15);
    // An open does not remove the copy, and verify notes it.
    expect(readFileSync(copy)).toEqual(whole);
    const { ok, notes } = await verifyStore(path, { fileSystem: nodeFileSystem });
    expect([ok, notes]).toMatchObject([true, [{ kind: 'log', path: copy }]]);
  });

  test('drops later logs too, so that one past state is kept', async () => {
    const { path, directory, log } = await closedStore();
    const later = join(directory, logFileName(readManifest(directory).version.logNumber + 1));
    const second = await closedStore();
    writeFileSync(later, readFileSync(second.log));
    flip(log, 30);
    const { logs } = await salvageLogs(path, { fileSystem: nodeFileSystem });
    expect(logs.map(({ path: at, keptOperations }) => [at, keptOperations])).toEqual([
      [log, 0],
      [later, 0],
    ]);
    expect(readdirSync(join(path, 'salvaged'))).toHaveLength(2);
    expect(await keyCount(path)).toBe(0);
  });

  test('does not change a sound store, and refuses one that is open in this or another process', async () => {
    const { path, log } = await closedStore();
    const before = readFileSync(log);
    expect(await salvageLogs(path, { fileSystem: nodeFileSystem })).toEqual({
      ...{ generation: 1, keptOperations: 0, droppedBytes: 0, logs: [] },
    });
    expect([readFileSync(log), existsSync(join(path, 'salvaged'))]).toEqual([before, false]);
    const store = await openStore(path);
    expect((await rejection(salvageLogs(path))).code).toBe('LEVEL_LOCKED');
    await store.close();
    const child = startChild('open-store', path);
    await new Promise((resolve) => child.once('message', resolve));
    expect((await rejection(salvageLogs(path))).code).toBe('LEVEL_LOCKED');
    await kill(child);
    expect(await keyCount(path)).toBe(30);
  });
});

describe('log number 0 in a MANIFEST means that there is none:', () => {
  test("a database after LevelDB's repair is adopted, verified and opened", async () => {
    const directory = temporaryDirectory();
    const location = join(directory, 'level');
    const database = new ClassicLevel(location);
    for (let index = 0; index < 20; index++) await database.put(`key-${index}`, `value-${index}`);
    await database.close();
    await ClassicLevel.repair(location);
    expect(readManifest(location).version.logNumber).toBe(0);
    await adoptAndRead(location, 20);
  });

  test('the repaired database of another program', async ({ skip }) => {
    const shared = fileURLToPath(
      new URL('../../../../shared/cases/leveldb-repaired.tar.gz', import.meta.url),
    );
    if (!existsSync(shared)) return skip(`${shared} is not there`);
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'case'));
    execFileSync('tar', ['-xzf', shared, '-C', join(directory, 'case')]);
    const found = readdirSync(join(directory, 'case'), { recursive: true, encoding: 'utf8' }).find(
      (name) => name.endsWith('CURRENT'),
    );
    await adoptAndRead(join(directory, 'case', found ?? '', '..'));
  });
});

async function adoptAndRead(level: string, count?: number): Promise<void> {
  const path = join(temporaryDirectory(), 'store');
  await adopt(level, path);
  expect((await verifyStore(path)).problems).toEqual([]);
  const keys = await keyCount(path);
  expect(keys).toBeGreaterThan(0);
  if (count !== undefined) expect(keys).toBe(count);
}
