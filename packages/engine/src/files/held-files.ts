// Files that are written and not yet synced are held: open, by the descriptor that has written them.
//
// The system writes dirty bytes back when it likes. If that fails it reports the error once, to each descriptor of
// the file that is open at that moment, and drops the bytes; a sync by a descriptor that is opened later succeeds.
// So a file stays open until it is synced. Descriptors belong to the process: one thread writes, another syncs, and
// what goes between them is plain data.
//
// Invariants:
// - a descriptor has one owner, who syncs and closes it, or closes it if nobody needs the file;
// - the process holds `MAX_HELD_FILES` at most: a file beyond them is synced by its writer before it is closed.
import {
  type FileHandle,
  type FileSystem,
  type OpenFile,
  type OpenMode,
  syncAndCloseNodeFile,
} from '@sstitch/sst';
import { syncAndClose } from './sync-and-close.js';

/** More than most commits write, and a quarter of what the smallest systems let a process open. */
export const MAX_HELD_FILES = 256;

const TABLE_MODE = 0o444;

/** One Int32, which all threads share: how many are held. */
let held = new Int32Array(new SharedArrayBuffer(4));

/** The count, for a thread that is started. */
export function heldFilesCount(): SharedArrayBuffer {
  return held.buffer as SharedArrayBuffer;
}

/** Makes this thread count where the thread that started it does. */
export function shareHeldFilesCount(count: SharedArrayBuffer): void {
  held = new Int32Array(count);
}

/** The files that one task writes. */
export class HeldFiles {
  readonly #fileSystem: FileSystem;
  #files: OpenFile[] = [];

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** Makes a table's file. Read-only once it is closed: links share its bytes (docs/leveldb-rules.md, rule 4). */
  createTable(path: string): FileHandle {
    const file = this.open(path, 'create');
    try {
      this.#fileSystem.chmod(path, TABLE_MODE);
    } catch (error) {
      file.close();
      throw error;
    }
    return file;
  }

  /** Opens a file. It is held once its writer closes it, or synced where too many are held. */
  open(path: string, mode: OpenMode): FileHandle {
    const file = this.#fileSystem.open(path, mode);
    return {
      read: (target, position) => file.read(target, position),
      write: (bytes) => file.write(bytes),
      sync: () => file.sync(),
      sizeBytes: () => file.sizeBytes(),
      close: () => this.#hold(path, file),
    };
  }

  /** Gives away what is held. */
  take(): readonly OpenFile[] {
    const files = this.#files;
    this.#files = [];
    return files;
  }

  /** Closes what is held: nobody needs it. */
  close(): void {
    closeHeldFiles(this.#fileSystem, this.take());
  }

  #hold(path: string, file: FileHandle): void {
    const { descriptor } = file;
    if (descriptor !== undefined && Atomics.add(held, 0, 1) < MAX_HELD_FILES) {
      this.#files.push({ path, descriptor });
      return;
    }
    if (descriptor !== undefined) Atomics.sub(held, 0, 1);
    syncAndClose(file);
  }
}

/** What a task gives that holds files: whoever gets it owns them. */
export interface WithUnsynced {
  readonly unsynced: readonly OpenFile[];
}

/** Runs work that writes files; gives what it made, and the files. If it fails they are closed. */
export function holdingFiles<T extends object>(
  fileSystem: FileSystem,
  work: (files: HeldFiles) => T,
): T & WithUnsynced {
  const files = new HeldFiles(fileSystem);
  try {
    return { ...work(files), unsynced: files.take() };
  } catch (error) {
    files.close();
    throw error;
  }
}

/** Syncs held files and closes them; after a failure closes the rest. */
export function syncHeldFiles(fileSystem: FileSystem, files: readonly OpenFile[]): void {
  const rest = files.values();
  try {
    for (const file of rest) syncHeldFile(fileSystem, file);
  } catch (error) {
    closeHeldFiles(fileSystem, [...rest]);
    throw error;
  }
}

export function syncHeldFile(fileSystem: FileSystem, file: OpenFile): void {
  const handle = fileSystem.attach(file);
  Atomics.sub(held, 0, 1);
  syncAndClose(handle);
}

/** `syncHeldFile` of Node's file system, without a thread that waits for the disk. */
export function syncHeldNodeFile(file: OpenFile): Promise<void> {
  Atomics.sub(held, 0, 1);
  return syncAndCloseNodeFile(file);
}

/** Closes held files that nobody needs. */
export function closeHeldFiles(fileSystem: FileSystem, files: readonly OpenFile[]): void {
  for (const file of files) {
    Atomics.sub(held, 0, 1);
    try {
      fileSystem.attach(file).close();
    } catch {
      // It is closed all the same, and what it held is not needed.
    }
  }
}
