// A store that cannot be written to, because the media are read-only or another user owns it, can be read as any
// other: private copies are then in the temporary directory.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openReadOnly, verifyStore } from '../src/index.js';
import { kill, messageOf, startChild } from './child-process.js';
import {
  compactFully,
  expectContents,
  numbered,
  openStore,
  put,
  rejection,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';
import { type FileOperation, fileError, watchedFileSystem } from './watched-file-system.js';

const CONTENTS = new Map([...numbered('a', 500, 'a'), ...numbered('b', 500, 'b')]);
const FIRST = new Map([...CONTENTS].filter(([key]) => key < 'b'));

/** Makes a store with tables and a log. */
async function makeStore(path: string): Promise<void> {
  const store = await openStore(path);
  await put(store, FIRST);
  await compactFully(store);
  await put(store, [...CONTENTS].slice(FIRST.size));
  await store.close();
}

const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith('sstitch-reader-'));

/** Sets Node's temporary directory for this test only. */
let outside: string;
beforeEach(() => {
  const before = process.env['TMPDIR'];
  outside = mkdtempSync(join(tmpdir(), 'sstitch-outside-'));
  process.env['TMPDIR'] = outside;
  onTestFinished(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(outside, { recursive: true, force: true });
  });
});

async function expectReadable(location: string, fileSystem = nodeFileSystem): Promise<void> {
  const options = { ...VIEW, fileSystem };
  const reader = await openReadOnly<Uint8Array, Uint8Array>(location, options);
  await expectContents(reader, CONTENTS);
  const [copy] = copies();
  expect(statSync(join(outside, copy ?? '')).mode & 0o777).toBe(0o700);
  const base = await openStore(join(outside, 'base'));
  await base.ingestFrom(reader, [span('a', 'b')]);
  await expectContents(base, FIRST);
  await base.close();
  await reader.close();
  rmSync(join(outside, 'base'), { recursive: true });
  expect(copies()).toEqual([]);
  const { ok, problems, tableNames, logOperations } = await verifyStore(location, { fileSystem });
  expect({ ok, problems, tables: tableNames.length > 0, logOperations }).toEqual({
    ...{ ok: true, problems: [], tables: true, logOperations: 500 },
  });
}

const WRITES = new Set<FileOperation['name']>([
  ...(['write', 'rename', 'unlink', 'mkdir', 'removeDirectory', 'chmod', 'sync'] as const),
]);

describe.each(['EROFS', 'EACCES', 'EPERM'])('when each write fails with %s', (code) => {
  test('a read-only open and verify read the store, and write nothing in it', async () => {
    const location = join(temporaryDirectory(), 'store');
    await makeStore(location);
    const fileSystem = watchedFileSystem();
    fileSystem.before = ({ name, path, to }) => {
      const isWrite = WRITES.has(name) && path.startsWith(location);
      if (isWrite || to?.startsWith(location)) throw fileError(code, name, path);
      // A link fails as between two file systems.
      if (name === 'link' && path.startsWith(location)) throw fileError('EXDEV', 'link', path);
    };
    await expectReadable(location, fileSystem);
    expect(readdirSync(location).sort()).toEqual(['CURRENT', 'FORMAT', 'gen-000001']);
  });

  test('a read-only open succeeds when nothing can be created in the directory `readers`', async () => {
    const location = join(temporaryDirectory(), 'store');
    await makeStore(location);
    mkdirSync(join(location, 'readers'));
    const fileSystem = watchedFileSystem();
    fileSystem.before = ({ name, path }) => {
      if (name === 'mkdir' && path.includes('/readers/')) throw fileError(code, name, path);
    };
    await expectReadable(location, fileSystem);
  });
});

test('other errors are reported: a full disk, an I/O error', async () => {
  const location = join(temporaryDirectory(), 'store');
  await makeStore(location);
  for (const code of ['ENOSPC', 'EIO']) {
    const fileSystem = watchedFileSystem();
    fileSystem.before = ({ name, path }) => {
      if (name === 'mkdir' && path.includes('/readers')) throw fileError(code, name, path);
    };
    const opening = openReadOnly(location, { fileSystem });
    const cause = await rejection(opening.catch((error) => Promise.reject(error.cause)));
    expect(cause).toMatchObject({ code: 'SSTITCH_FILE_OPERATION', cause: { code } });
  }
});

test('copies of ended processes are removed, those of running processes are not', async () => {
  const location = join(temporaryDirectory(), 'store');
  await makeStore(location);
  const running = `sstitch-reader-${process.pid}-77`;
  const others = [running, 'sstitch-reader-notes', 'sstitch-reader'];
  for (const name of [...others, 'sstitch-reader-999999999-1', 'sstitch-reader-999999998-aB3']) {
    mkdirSync(join(outside, name));
    writeFileSync(join(outside, name, 'file'), '');
  }
  const fileSystem = watchedFileSystem();
  fileSystem.before = ({ name, path }) => {
    if (name === 'mkdir' && path.startsWith(location)) throw fileError('EROFS', name, path);
  };
  const reader = await openReadOnly(location, { fileSystem });
  await reader.close();
  const left = readdirSync(outside).filter((name) => name.startsWith('sstitch-reader'));
  expect(left.sort()).toEqual(others.sort());
});

test('copies of other containers are removed if their lock is free, and kept if it is held or was never taken', async () => {
  const location = join(temporaryDirectory(), 'store');
  await makeStore(location);
  const nameOf = (count: number) => `sstitch-reader-0badc0de-${process.pid}-${count}`;
  const [free, held, unlocked] = [nameOf(1), nameOf(2), nameOf(3)];
  for (const name of [free, held, unlocked])
    mkdirSync(join(outside, name, 'copy'), { recursive: true });
  const database = new ClassicLevel(join(outside, free, 'copy'));
  await database.open();
  await database.close();
  const child = startChild('open-database', join(outside, held, 'copy'));
  expect(await messageOf(child)).toBe('open');
  const fileSystem = watchedFileSystem();
  fileSystem.before = ({ name, path }) => {
    if (name === 'mkdir' && path.startsWith(location)) throw fileError('EROFS', name, path);
  };
  await (await openReadOnly(location, { fileSystem })).close();
  expect(copies().sort()).toEqual([held, unlocked]);
  await kill(child);
  await (await openReadOnly(location, { fileSystem })).close();
  expect(copies()).toEqual([unlocked]);
});

describe('on a disk that is mounted read-only', () => {
  let disk: string | undefined;
  afterEach(() => {
    if (disk !== undefined) execFileSync('umount', ['-l', disk]);
    disk = undefined;
  });

  test('a read-only open and verify read the store', async (context) => {
    const mounted = temporaryDirectory();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', mounted], { stdio: 'pipe' });
    } catch (error) {
      context.skip(`no disk can be mounted here: ${String(error)}`);
    }
    disk = mounted;
    await makeStore(join(mounted, 'store'));
    execFileSync('mount', ['-o', 'remount,ro', mounted]);
    await expectReadable(join(mounted, 'store'));
  });
});
