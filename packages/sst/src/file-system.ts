// The one port for file operations. Everything that sst and engine do to a disk goes through it, so
// that tests can record, reorder and break each operation. It is synchronous on purpose: callers run
// it in worker threads, and a fault test sees one exact order of operations.
//
// Invariants an implementation keeps:
// - `create` never opens a file that exists (a hard-linked table must not be overwritten).
// - `append` never writes in front of the end that the file has at that moment: what it held stays.
// - `write` writes all bytes or throws; `read` gives fewer bytes only at the end of the file.
// - `sync` reports every failed write to the file since its handle was opened. The system reports a failed
//   write-back only to descriptors that were open at that moment, so a file that must survive is synced by a handle
//   that was open before it was written, and closed after that.
// - errors carry Node's `code` (ENOENT, ENOSPC, …): callers decide by it.

/** What `FileSystem.status` tells of a path. Symbolic links are not followed. */
export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly sizeBytes: number;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
  /** How many names the file has. */
  readonly links: number;
  /**
   * The same for two paths where they are names of one file that was not written to in between, and for no others.
   * @defaultValue none: the file system does not know
   */
  readonly identity?: string | undefined;
}

/** An open file. */
export interface FileHandle {
  /**
   * The system's number of the open file, which any thread of the process can `attach`.
   * @defaultValue none: such a file is synced where it is written
   */
  readonly descriptor?: number | undefined;
  /** Fills `target` from `position` on; returns how many bytes there were (fewer only at the end). */
  read(target: Uint8Array, position: number): number;
  /** Appends all of `bytes`. */
  write(bytes: Uint8Array): void;
  /** Returns when the file's bytes and size are on stable storage. */
  sync(): void;
  sizeBytes(): number;
  close(): void;
}

/** An open file on its way from one thread to another: plain data. */
export interface OpenFile {
  /** What it was opened by; it may have another name now. */
  readonly path: string;
  readonly descriptor: number;
}

export type OpenMode = 'read' | 'create' | 'append';

/** The file operations that SSTitch needs, each throwing Node's error (with its `code`) on failure. */
export interface FileSystem {
  /**
   * Opens an existing file to read or to append to, or creates a new one (EEXIST if it is there) to
   * append to.
   */
  open(path: string, mode: OpenMode): FileHandle;
  /**
   * A handle of a file that is open already. A file has one owner, who closes it: the handle that its descriptor was
   * taken from is not used any more.
   */
  attach(file: OpenFile): FileHandle;
  readFile(path: string): Uint8Array;
  /** Makes `path` another name of the file `existing`. */
  link(existing: string, path: string): void;
  /**
   * Copies a file, as a clone where the file system can; EEXIST if `path` is there. Returns the copy, opened
   * before it was written, for the caller to sync and close.
   */
  copy(existing: string, path: string): FileHandle;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  /** Makes one directory; EEXIST if it is there. */
  mkdir(path: string): void;
  /** Removes an empty directory. */
  removeDirectory(path: string): void;
  /** Names in a directory, sorted. */
  readdir(path: string): string[];
  status(path: string): FileStatus;
  /** Returns when the names in a directory are on stable storage. */
  fsyncDir(path: string): void;
  chmod(path: string, mode: number): void;
  /** The path with every symbolic link resolved. */
  realPath(path: string): string;
}
