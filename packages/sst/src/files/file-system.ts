// The port for file operations. Everything that sst and engine do to a disk goes through it, so that tests can record
// operations, reorder them and make them fail. It is synchronous: callers run it in worker threads, and tests see one
// exact order of operations.
//
// An implementation keeps these invariants:
// - `create` never opens an existing file, as a hard-linked table must not be overwritten;
// - `append` only writes at the current end of the file, and changes no earlier byte;
// - `write` writes all bytes or throws; `read` returns fewer bytes only at the end of the file;
// - `sync` reports every failed write to the file since its handle was opened. The system reports a failed write-back
//   only to descriptors that are open at that moment, so a file must be fsynced through a handle that was open before
//   the write;
// - a closed handle fails with EBADF, and never reaches another file that has its descriptor;
// - errors have Node's `code` (ENOENT, ENOSPC, …), by which callers decide.

/** What `FileSystem.status` returns. Symbolic links are not followed. */
export interface FileStatus {
  /** What the path names. */
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** The size of the file. */
  readonly sizeBytes: number;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
  /** The number of hard links. */
  readonly links: number;
  /**
   * Identifies the file and its contents: two paths have the same identity only if they are names of one file that was
   * not written to between the two calls. @defaultValue none: the file system does not identify files
   */
  readonly identity?: string | undefined;
}

/** An open file. */
export interface FileHandle {
  /**
   * The file descriptor, which any thread of the process can `attach`. If it is undefined, the thread that writes the
   * file also fsyncs it.
   */
  readonly descriptor?: number | undefined;
  /** Fills `target` with bytes from `position` on. Returns the number of bytes read, fewer only at the end of the file. */
  read(target: Uint8Array, position: number): number;
  /** Appends all of `bytes`. */
  write(bytes: Uint8Array): void;
  /** Fsyncs the file: its bytes and its size. */
  sync(): void;
  /** Returns the size of the file. */
  sizeBytes(): number;
  /** Closes the file. It does not fsync it. */
  close(): void;
}

/** An open file as plain data, which can be sent to another thread. */
export interface OpenFile {
  /** The path by which it was opened. The file may have been renamed since. */
  readonly path: string;
  /** The file's descriptor, which all threads of the process share. */
  readonly descriptor: number;
}

/** How to open a file: to read it, to create it, or to append to it. */
export type OpenMode = 'read' | 'create' | 'append';

/** The file operations that SSTitch needs. On failure each throws Node's error with its `code`. */
export interface FileSystem {
  /**
   * Opens an existing file for reading or appending, or creates a file for appending. `create` throws EEXIST if the file
   * exists.
   */
  open(path: string, mode: OpenMode): FileHandle;
  /**
   * Returns a handle of an open file. An open file has one owner, which closes it: the handle that the descriptor was
   * taken from must not be used afterwards.
   */
  attach(file: OpenFile): FileHandle;
  /** Reads a whole file. */
  readFile(path: string): Uint8Array;
  /** Makes the hard link `path` to the file `existing`. */
  link(existing: string, path: string): void;
  /**
   * Copies a file, as a clone if the file system can. Throws EEXIST if `path` exists. Returns a handle of the copy that
   * was opened before it was written; the caller fsyncs and closes it.
   */
  copy(existing: string, path: string): FileHandle;
  /** Renames a file or a directory, and replaces a file of the new name. */
  rename(from: string, to: string): void;
  /** Removes a name of a file. */
  unlink(path: string): void;
  /** Makes one directory. Throws EEXIST if it exists. */
  mkdir(path: string): void;
  /** Removes an empty directory. */
  removeDirectory(path: string): void;
  /** Returns the names in a directory, sorted. */
  readdir(path: string): string[];
  /** Describes what a path names. */
  status(path: string): FileStatus;
  /** Fsyncs a directory, that is, the names in it. */
  fsyncDir(path: string): void;
  /** Sets the permission bits of a file or a directory. */
  chmod(path: string, mode: number): void;
  /** Returns the path with all symbolic links resolved. */
  realPath(path: string): string;
}
