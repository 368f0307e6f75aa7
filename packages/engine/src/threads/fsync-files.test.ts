import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileSystem, nodeFileSystem, type OpenFile } from '@sstitch/sst';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openFilesIn } from '../../test/open-files.js';
import { closeHeldFiles, HeldFiles, heldFilesCount } from '../files/held-files.js';
import {
  allWorkers,
  fsyncFiles,
  fsyncSharedFiles,
  fsyncSharedNodeFiles,
  sharedFiles,
} from './fsync-files.js';
import { InlinePool } from './inline-pool.js';
import { threadPool } from './thread-pool.js';
import { fsyncingFiles, UnsyncedFiles } from './unsynced-files.js';

const COUNT = 20;
const go = () => undefined;
let directory: string;
let files: readonly OpenFile[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fsync-files-'));
  const held = new HeldFiles(nodeFileSystem);
  for (let file = 0; file < COUNT; file++) {
    const writer = held.open(join(directory, `${file}`), 'create');
    writer.write(Buffer.from('bytes'));
    writer.close();
  }
  files = held.take();
  onTestFinished(() => {
    expect(heldCount()).toBe(0);
    expect(openFilesIn(directory)).toEqual([]);
    rmSync(directory, { recursive: true });
  });
});

function heldCount(): number {
  return new Int32Array(heldFilesCount())[0] ?? 0;
}

/** Node's file system with counts of the calls on attached files. The sync of one file fails. */
function counting(failing?: OpenFile): {
  fileSystem: FileSystem;
  synced: string[];
  closed: string[];
} {
  const synced: string[] = [];
  const closed: string[] = [];
  const attach: FileSystem['attach'] = (file) => {
    const handle = nodeFileSystem.attach(file);
    return {
      ...handle,
      descriptor: file.descriptor,
      sync: () => {
        synced.push(file.path);
        if (file === failing) throw Object.assign(new Error('EIO'), { syscall: 'fsync' });
      },
      close: () => {
        closed.push(file.path);
        handle.close();
      },
    } as ReturnType<FileSystem['attach']>;
  };
  return { fileSystem: { ...nodeFileSystem, attach }, synced, closed };
}

const paths = () => files.map(({ path }) => path).toSorted();

test('every file is synced and closed once, by any free worker', () => {
  const { fileSystem, synced, closed } = counting();
  const shared = sharedFiles(files);
  fsyncSharedFiles(fileSystem, shared, go);
  fsyncSharedFiles(fileSystem, shared, go);
  expect(synced.toSorted()).toEqual(paths());
  expect(closed.toSorted()).toEqual(paths());
});

test('after a failure the remaining files are closed without a sync', () => {
  const { fileSystem, synced, closed } = counting(files[4]);
  expect(() => fsyncSharedFiles(fileSystem, sharedFiles(files), go)).toThrow('EIO');
  expect(synced).toHaveLength(5);
  expect(closed.toSorted()).toEqual(paths());
});

test('an abort ends the work, and leaves no file open', async () => {
  const shared = sharedFiles(files);
  const syncing = [1, 2].map(() => fsyncSharedNodeFiles(shared, AbortSignal.abort()));
  await expect(allWorkers(syncing)).rejects.toMatchObject({ name: 'AbortError' });
});

test('a failed sync takes precedence over other failures, and is thrown when all workers have ended', async () => {
  closeHeldFiles(nodeFileSystem, files);
  const sync = Object.assign(new Error('EIO'), { syscall: 'fsync' });
  let ended = false;
  const slow = new Promise((resolve) => setTimeout(resolve, 5)).then(() => {
    ended = true;
  });
  const other = Promise.reject(new Error('another'));
  await expect(allWorkers([other, Promise.reject(sync), slow])).rejects.toBe(sync);
  expect(ended).toBe(true);
});

test.each([
  ['worker threads', threadPool],
  ['the calling thread', () => new InlinePool({ ...nodeFileSystem })],
])('%s sync nothing after an abort, and leave no file open', async (_where, pool) => {
  const reason = new Error('not wanted');
  const syncing = fsyncFiles(pool(), files, AbortSignal.abort(reason));
  await expect(syncing).rejects.toMatchObject({ name: 'AbortError', cause: reason });
});

test('files that one thread wrote are synced and closed by others', async () => {
  await fsyncFiles(threadPool(), files, undefined);
});

test('files of work that fails are closed, and its error is thrown', async () => {
  const pool = threadPool();
  const work = fsyncingFiles(pool, undefined, async (unsynced) => {
    unsynced.takeFrom({ unsynced: files });
    throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
});

test('keepOnly closes the files with other paths', async () => {
  const pool = threadPool();
  const unsynced = new UnsyncedFiles(pool);
  unsynced.takeFrom({ unsynced: files });
  unsynced.keepOnly(new Set([join(directory, '3'), join(directory, '5')]));
  expect(heldCount()).toBe(2);
  expect(unsynced.take().map(({ path }) => path)).toEqual([
    join(directory, '3'),
    join(directory, '5'),
  ]);
  closeHeldFiles(
    nodeFileSystem,
    files.filter(({ path }) => /\/[35]$/.test(path)),
  );
});
