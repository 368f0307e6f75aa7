import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileHandle, type FileSystem, nodeFileSystem, type OpenFile } from '@sstitch/sst';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openFilesIn } from '../../test/open-files.js';
import {
  closeHeldFiles,
  fsyncHeldFile,
  fsyncHeldFiles,
  fsyncHeldNodeFile,
  HeldFiles,
  heldFilesCount,
  holdingFiles,
  MAX_HELD_FILES,
} from './held-files.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'held-files-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

function openFiles(): number {
  return openFilesIn(directory).length;
}

function held(): number {
  return new Int32Array(heldFilesCount())[0] ?? 0;
}

function writeOne(files: HeldFiles, name: string): void {
  const file = files.open(join(directory, name), 'create');
  file.write(Buffer.from(name));
  file.close();
}

/** A file system that records the calls of its handles, and fails the syncs of some paths. */
function watched(failing = ''): { fileSystem: FileSystem; calls: string[] } {
  const calls: string[] = [];
  const wrap = (handle: FileHandle, path: string): FileHandle => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return {
      descriptor: handle.descriptor,
      read: (target, position) => handle.read(target, position),
      write: (bytes) => handle.write(bytes),
      sync: () => {
        calls.push(`sync ${name}`);
        if (name === failing) throw Object.assign(new Error('EIO'), { syscall: 'fsync' });
        handle.sync();
      },
      sizeBytes: () => handle.sizeBytes(),
      close: () => {
        calls.push(`close ${name}`);
        handle.close();
      },
    };
  };
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    open: (path, mode) => wrap(nodeFileSystem.open(path, mode), path),
    attach: (file) => wrap(nodeFileSystem.attach(file), file.path),
  };
  return { fileSystem, calls };
}

test('a file stays open after its writer closes it, until it is synced', () => {
  const { fileSystem, calls } = watched();
  const files = new HeldFiles(fileSystem);
  writeOne(files, 'one');
  expect(calls).toEqual([]);
  expect(held()).toBe(1);
  if (process.platform === 'linux') expect(openFiles()).toBe(1);
  const [file] = files.take() as [OpenFile];
  expect(files.take()).toEqual([]);
  fsyncHeldFile(fileSystem, file);
  expect(calls).toEqual(['sync one', 'close one']);
  expect([openFiles(), held()]).toEqual([0, 0]);
});

test('held files are plain data', () => {
  const files = new HeldFiles(nodeFileSystem);
  writeOne(files, 'one');
  const unsynced = files.take();
  expect(structuredClone(unsynced)).toEqual(unsynced);
  closeHeldFiles(nodeFileSystem, unsynced);
});

test('work that fails leaves no file open', () => {
  const work = () =>
    holdingFiles(nodeFileSystem, (files) => {
      writeOne(files, 'one');
      writeOne(files, 'two');
      throw new Error('no');
    });
  expect(work).toThrow('no');
  expect([openFiles(), held()]).toEqual([0, 0]);
});

test('work that succeeds passes its files on', () => {
  const made = holdingFiles(nodeFileSystem, (files) => {
    writeOne(files, 'one');
    return { answer: 42 };
  });
  expect(made).toMatchObject({ answer: 42, unsynced: [{ path: join(directory, 'one') }] });
  closeHeldFiles(nodeFileSystem, made.unsynced);
});

test('a failed sync closes its file and the remaining ones', async () => {
  const { fileSystem, calls } = watched('two');
  const files = new HeldFiles(fileSystem);
  for (const name of ['one', 'two', 'three']) writeOne(files, name);
  expect(() => fsyncHeldFiles(fileSystem, files.take())).toThrow('EIO');
  expect(calls).toEqual(['sync one', 'close one', 'sync two', 'close two', 'close three']);
  expect([openFiles(), held()]).toEqual([0, 0]);
});

test('a failed asynchronous sync names the file', async () => {
  const file = { path: join(directory, 'gone'), descriptor: 2 ** 30 };
  await expect(fsyncHeldNodeFile(file)).rejects.toMatchObject({
    ...{ code: 'EBADF', syscall: 'fsync', path: file.path },
  });
  // It was not held.
  Atomics.add(new Int32Array(heldFilesCount()), 0, 1);
});

test('a file beyond the limit of held files is synced before it is closed', () => {
  const { fileSystem, calls } = watched();
  const files = new HeldFiles(fileSystem);
  for (let file = 0; file < MAX_HELD_FILES; file++) writeOne(files, `${file}`);
  expect(calls).toEqual([]);
  writeOne(files, 'more');
  expect(calls).toEqual(['sync more', 'close more']);
  const all = files.take();
  expect(all).toHaveLength(MAX_HELD_FILES);
  closeHeldFiles(nodeFileSystem, all.slice(1));
  writeOne(files, 'again');
  expect(calls).toHaveLength(2);
  closeHeldFiles(nodeFileSystem, [...all.slice(0, 1), ...files.take()]);
  expect(held()).toBe(0);
});

test('a file system without descriptors has its files synced at once', () => {
  const { fileSystem, calls } = watched();
  const files = new HeldFiles({
    ...fileSystem,
    open: (path, mode) => ({ ...fileSystem.open(path, mode), descriptor: undefined }),
  });
  writeOne(files, 'one');
  expect(calls).toEqual(['sync one', 'close one']);
  expect([files.take().length, held()]).toEqual([0, 0]);
});

test('a copy is open before it is written, and leaves no file if it fails', () => {
  const source = join(directory, 'source');
  const file = nodeFileSystem.open(source, 'create');
  file.write(Buffer.from('what is copied'));
  file.close();
  nodeFileSystem.chmod(source, 0o444);
  const copy = nodeFileSystem.copy(source, join(directory, 'copy'));
  copy.sync();
  copy.close();
  expect(readFileSync(join(directory, 'copy'), 'latin1')).toBe('what is copied');
  expect(nodeFileSystem.status(join(directory, 'copy')).mode).toBe(0o444);
  expect(() => nodeFileSystem.copy(source, join(directory, 'copy'))).toThrow('EEXIST');
  const missing = () => nodeFileSystem.copy(join(directory, 'missing'), join(directory, 'other'));
  expect(missing).toThrow('ENOENT');
  expect(readdirSync(directory).sort()).toEqual(['copy', 'source']);
});
