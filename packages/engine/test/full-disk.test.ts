// A real full disk: a store opens on it, an excise frees room, and errors name the cause.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, type TestContext, test } from 'vitest';
import { openReadOnly, Store } from '../src/index.js';
import {
  type ByteStore,
  bytes,
  type Contents,
  compactFully,
  contentsOf,
  openFailure,
  openThreadedStore,
  put,
  rejection,
  span,
  VIEW,
} from './store-fixture.js';

const DISK_MIB = 24;
const MIB = 1024 * 1024;

let disk: string;
let isMounted = false;

beforeEach(() => {
  disk = mkdtempSync(join(tmpdir(), 'sstitch-small-'));
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk];
    execFileSync('mount', options, { stdio: 'pipe' });
    isMounted = true;
  } catch {
    isMounted = false;
  }
});

afterEach(() => {
  if (isMounted) execFileSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true, force: true });
});

function needsDisk(context: TestContext): void {
  if (!isMounted) context.skip('no small disk can be mounted here');
}

/** Makes entries that do not compress. */
function randomEntries(prefix: string, count: number): Array<[string, string]> {
  return Array.from({ length: count }, (_, index) => [
    `${prefix}${String(index).padStart(4, '0')}`,
    randomBytes(1000).toString('latin1'),
  ]);
}

/** Makes a store with two sets of incompressible entries that share tables. */
async function filled(options: { diskReserveBytes?: number } = {}) {
  const store = await openThreadedStore(join(disk, 'store'), {
    shareTablesFromBytes: 128 * 1024,
    writeBufferSize: 512 * 1024,
    ...options,
  });
  const contents: Contents = new Map(
    ['a', 'b', 'c', 'd'].flatMap((prefix) => randomEntries(prefix, prefix === 'b' ? 5000 : 800)),
  );
  // There are several batches, as one batch would become one table.
  const entries = [...contents];
  for (let at = 0; at < entries.length; at += 200) await put(store, entries.slice(at, at + 200));
  await compactFully(store);
  return { store, contents };
}

/** Fills the disk to the last byte. */
function fillDisk(): void {
  for (let part = 0; ; part++) {
    const { bavail, bsize } = statfsSync(disk);
    if (bavail === 0) return;
    writeFileSync(join(disk, `filler-${part}`), Buffer.alloc(Number(bavail) * bsize));
  }
}

const freeBytes = () => statfsSync(disk).bavail * statfsSync(disk).bsize;
const rest = (contents: Contents) => new Map([...contents].filter(([key]) => !(key[0] === 'b')));
const B = [span('b', 'c')];

async function expectWritable(store: ByteStore, contents: Contents): Promise<void> {
  await store.put(bytes('e'), bytes('written'), { sync: true } as never);
  expect(await contentsOf(store)).toEqual(new Map([...contents, ['e', 'written']]));
}

test('an excise frees room on a full disk with the reserve, which exists again afterwards', async (context) => {
  needsDisk(context);
  const { store, contents } = await filled({ diskReserveBytes: 1024 * 1024 });
  expect(statSync(join(store.location, 'RESERVE')).size).toBe(1024 * 1024);
  fillDisk();
  expect(freeBytes()).toBe(0);
  await store.excise(B);
  expect(
    readdirSync(store.location)
      .sort()
      .filter((name) => name !== 'staging'),
  ).toEqual(['CURRENT', 'FORMAT', 'RESERVE', expect.stringMatching(/^gen-0000\d\d$/)]);
  expect(freeBytes()).toBeGreaterThan(0);
  await expectWritable(store, rest(contents));
});

test.for([
  { what: 'tables alone', logged: 0 },
  { what: 'a log too', logged: 300 },
])(
  'a store of $what opens on a full disk, and an excise then frees room',
  async ({ logged }, context) => {
    needsDisk(context);
    const { store, contents } = await filled({ diskReserveBytes: MIB });
    const late = randomEntries('e', logged);
    await put(store, late);
    await store.close();
    fillDisk();
    const opened = await openThreadedStore(store.location, { diskReserveBytes: MIB });
    expect(await contentsOf(opened)).toEqual(new Map([...contents, ...late]));
    await opened.excise(B);
    expect(freeBytes()).toBeGreaterThan(0);
    await opened.close();
    const again = await openThreadedStore(store.location, { diskReserveBytes: MIB });
    expect(statSync(join(store.location, 'RESERVE')).size).toBe(MIB);
    await expectWritable(again, rest(new Map([...contents, ...late])));
  },
);

test('an open for which the reserve is too small fails with the cause, and restores the reserve', async (context) => {
  needsDisk(context);
  const options = { diskReserveBytes: 64 * 1024 };
  const { store, contents } = await filled(options);
  const late = randomEntries('e', 300);
  await put(store, late);
  await store.close();
  fillDisk();
  for (const diskReserveBytes of [options.diskReserveBytes, 0]) {
    expect(await openFailure(store.location, { diskReserveBytes })).toMatchObject({
      code: 'SSTITCH_LEVELDB',
      message: expect.stringContaining('No space left on device'),
    });
    expect(statSync(join(store.location, 'RESERVE')).size).toBe(options.diskReserveBytes);
  }
  rmSync(join(disk, 'filler-0'));
  const reopened = await openThreadedStore(store.location, options);
  expect(await contentsOf(reopened)).toEqual(new Map([...contents, ...late]));
});

test('a read-only open on a full disk names the place of its copy, and the option for another one', async (context) => {
  needsDisk(context);
  const { store, contents } = await filled();
  await store.close();
  fillDisk();
  const error = await openReadOnly(store.location).catch((thrown: Error) => thrown.cause);
  expect(error).toMatchObject({
    ...{ code: 'SSTITCH_FILE_OPERATION', reason: 'disk-full' },
    path: join(store.location, 'readers'),
    message: expect.stringMatching(/the disk is full: .*copyDirectory/),
  });
  expect(readdirSync(join(store.location, 'readers'))).toEqual([]);
  const copyDirectory = mkdtempSync(join(tmpdir(), 'sstitch-copies-'));
  onTestFinished(() => rmSync(copyDirectory, { recursive: true }));
  const reader = await openReadOnly<Uint8Array, Uint8Array>(store.location, {
    ...VIEW,
    copyDirectory,
  });
  expect(await contentsOf(reader)).toEqual(contents);
  await reader.close();
});

test('without a reserve an excise fails with the cause, and the store is unchanged', async (context) => {
  needsDisk(context);
  const { store, contents } = await filled({ diskReserveBytes: 0 });
  expect(readdirSync(store.location)).not.toContain('RESERVE');
  fillDisk();
  const error = await rejection(store.excise(B));
  expect(error.message).toMatch(/ENOSPC|No space left on device/);
  expect(await contentsOf(store)).toEqual(contents);
});

test('a commit that ingests entries does not use the reserve', async (context) => {
  needsDisk(context);
  const { store, contents } = await filled({ diskReserveBytes: 64 * 1024 });
  fillDisk();
  async function* pages() {
    yield [[bytes('b1'), bytes('new')] as const];
  }
  const error = await rejection(store.replaceSpans(B, pages()));
  expect(error.message).toMatch(/ENOSPC|No space left on device/);
  expect(statSync(join(store.location, 'RESERVE')).size).toBe(64 * 1024);
  expect(await contentsOf(store)).toEqual(contents);
});

test('a checkpoint that cannot flush reports that the disk is full', async (context) => {
  needsDisk(context);
  const { store } = await filled();
  await put(
    store,
    [...Array(300).keys()].map(
      (index) => [`z${index}`, randomBytes(1000).toString('latin1')] as const,
    ),
  );
  fillDisk();
  const target = mkdtempSync(join(tmpdir(), 'sstitch-target-'));
  const error = await rejection(store.checkpoint(join(target, 'copy')));
  rmSync(target, { recursive: true });
  expect(error.code).toBe('SSTITCH_LEVELDB');
  expect(error.message).toMatch(/did not flush.*(disk is full|No space left on device)/);
});

test('a write after one that found the disk full fails with that reason, and succeeds once there is room', async (context) => {
  needsDisk(context);
  const store = await openThreadedStore(join(disk, 'store'), { diskReserveBytes: 0 });
  await put(store, [['a', '1']]);
  fillDisk();
  const large = ['b', randomBytes(MIB).toString('latin1')] as const;
  await expect(put(store, [large])).rejects.toThrow('No space left on device');
  expect(await rejection(put(store, [['c', '1']]))).toMatchObject({
    ...{ code: 'SSTITCH_FILE_OPERATION', reason: 'disk-full' },
    cause: { code: 'ENOSPC' },
  });
  rmSync(join(disk, 'filler-0'));
  await expectWritable(store, new Map([['a', '1']]));
});

test('an invalid size of the reserve is refused', () => {
  for (const diskReserveBytes of [-1, 1.5, Number.NaN, 2 ** 40]) {
    expect(() => new Store('x', { diskReserveBytes })).toThrow(/diskReserveBytes/);
  }
});

test('compactRange reports that the disk is full, although LevelDB swallows the error of its flush', async (context) => {
  needsDisk(context);
  const store = await openThreadedStore(join(disk, 'store'), { diskReserveBytes: 0 });
  for (let index = 0; index < 300; index++) {
    await put(store, [[`k${index}`, randomBytes(1000).toString('latin1')]]);
  }
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'fill'), randomBytes(bavail * bsize));
  expect(await rejection(store.compactRange(bytes('a'), bytes('b')))).toMatchObject({
    code: 'SSTITCH_LEVELDB',
    message: expect.stringContaining('the disk is full'),
  });
  await store.close();
});
