// Node's file system, every operation of which a test can see before it happens, and break.
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { type FileOperation, wrapFileSystem } from '@sstitch/sst/testing';

export type { FileOperation };

export interface WatchedFileSystem extends FileSystem {
  /** Called before each operation; what it throws is the operation's failure. */
  before: (operation: FileOperation) => void;
}

/** Operations that no test watches: they leave the disk as it is, and there are many. */
const UNWATCHED: ReadonlySet<FileOperation['name']> = new Set([
  'read',
  'sizeBytes',
  'close',
  'attach',
  'realPath',
]);

export function watchedFileSystem(): WatchedFileSystem {
  const watched: WatchedFileSystem = {
    ...wrapFileSystem(nodeFileSystem, {
      before: (operation) => {
        if (!UNWATCHED.has(operation.name)) watched.before(operation);
      },
    }),
    before: () => undefined,
  };
  return watched;
}

/** An error as Node's fs throws it. */
export function fileError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: forced by a test, ${syscall} '${path}'`), {
    code,
    syscall,
    path,
  });
}
