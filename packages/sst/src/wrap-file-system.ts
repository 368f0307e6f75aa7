// Wraps a file system in hooks, which see every operation and can make it fail, for tests.
import type { FileHandle, FileSystem, OpenMode } from './files/file-system.js';

/** An operation of a file system, or of a file that it opened. */
export interface FileOperation {
  /** The method that is called. */
  readonly name: keyof FileSystem | Exclude<keyof FileHandle, 'descriptor'>;
  /** The path argument. For an operation of an open file, the path by which it was opened. */
  readonly path: string;
  /** The second path of `link`, `copy` and `rename`: the name that they make. */
  readonly to?: string;
  /** The mode of `open`. */
  readonly mode?: OpenMode;
  /**
   * The inner handle, in operations of an open file, and after operations that return one. A hook may call it, for
   * example to write a part.
   */
  readonly handle?: FileHandle;
  /** The argument of `write`. */
  readonly bytes?: Uint8Array;
}

/** Hooks around operations. */
export interface FileSystemHooks {
  /** Called before each operation. If it throws, the operation does not run, and the caller gets the error. */
  before?(operation: FileOperation): void;
  /** Called after each successful operation. If it throws, the caller gets the error. */
  after?(operation: FileOperation): void;
}

/** Wraps a file system, and every file it opens, in hooks. */
export function wrapFileSystem(inner: FileSystem, hooks: FileSystemHooks): FileSystem {
  const around = <T>(operation: FileOperation, act: () => T): T => {
    hooks.before?.(operation);
    const result = act();
    hooks.after?.(operation);
    return result;
  };
  const wrapHandle = (handle: FileHandle, path: string): FileHandle => ({
    descriptor: handle.descriptor,
    read: (target, position) =>
      around({ name: 'read', path, handle }, () => handle.read(target, position)),
    write: (bytes) => around({ name: 'write', path, handle, bytes }, () => handle.write(bytes)),
    sync: () => around({ name: 'sync', path, handle }, () => handle.sync()),
    sizeBytes: () => around({ name: 'sizeBytes', path, handle }, () => handle.sizeBytes()),
    close: () => around({ name: 'close', path, handle }, () => handle.close()),
  });
  const opening = (operation: FileOperation, open: () => FileHandle): FileHandle => {
    hooks.before?.(operation);
    const handle = open();
    hooks.after?.({ ...operation, handle });
    return wrapHandle(handle, operation.to ?? operation.path);
  };
  return {
    open: (path, mode) => opening({ name: 'open', path, mode }, () => inner.open(path, mode)),
    attach: (file) => opening({ name: 'attach', path: file.path }, () => inner.attach(file)),
    readFile: (path) => around({ name: 'readFile', path }, () => inner.readFile(path)),
    link: (path, to) => around({ name: 'link', path, to }, () => inner.link(path, to)),
    copy: (path, to) => opening({ name: 'copy', path, to }, () => inner.copy(path, to)),
    rename: (path, to) => around({ name: 'rename', path, to }, () => inner.rename(path, to)),
    unlink: (path) => around({ name: 'unlink', path }, () => inner.unlink(path)),
    mkdir: (path) => around({ name: 'mkdir', path }, () => inner.mkdir(path)),
    removeDirectory: (path) =>
      around({ name: 'removeDirectory', path }, () => inner.removeDirectory(path)),
    readdir: (path) => around({ name: 'readdir', path }, () => inner.readdir(path)),
    status: (path) => around({ name: 'status', path }, () => inner.status(path)),
    fsyncDir: (path) => around({ name: 'fsyncDir', path }, () => inner.fsyncDir(path)),
    chmod: (path, mode) => around({ name: 'chmod', path }, () => inner.chmod(path, mode)),
    realPath: (path) => around({ name: 'realPath', path }, () => inner.realPath(path)),
  };
}
