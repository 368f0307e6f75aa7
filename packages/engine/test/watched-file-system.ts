// Node's file system with a hook before every operation, in which a test can observe the operation or make it fail.
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { type FileOperation, wrapFileSystem } from '@sstitch/sst/testing';

export type { FileOperation };

export interface WatchedFileSystem extends FileSystem {
  /** Called before each operation. When it throws, the operation fails with that error. */
  before: (operation: FileOperation) => void;
}

/** Operations without the hook: they do not change the disk, and they are frequent. */
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

/** Makes an error as Node's fs throws it. */
export function fileError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: forced by a test, ${syscall} '${path}'`), {
    code,
    syscall,
    path,
  });
}
