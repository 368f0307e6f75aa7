// Held files: written files that stay open, by the descriptor that wrote them, until they are fsynced.
//
// The system writes dirty pages back at any time. If that fails, it reports the error once to each descriptor that is
// open at that moment, and drops the pages. An fsync through a descriptor that is opened later succeeds, and the loss
// goes unnoticed. So a file stays open until it is fsynced. Descriptors belong to the process: one thread can write a
// file and another fsync it, and only plain data passes between them.
//
// Invariants:
// - a descriptor has one owner, which fsyncs and closes it, or just closes it if the file is not needed;
// - the process holds at most `MAX_HELD_FILES` files; a writer fsyncs any further file before it closes it.
import {
  type FileHandle,
  type FileSystem,
  fsyncAndCloseNodeFile,
  type OpenFile,
  type OpenMode,
} from '@sstitch/sst';
import { fsyncAndClose } from './fsync-and-close.js';

/** More files than most commits write, and a quarter of the smallest usual limit of open files. */
export const MAX_HELD_FILES = 256;

const TABLE_MODE = 0o444;

/** The number of held files: one Int32 that all threads share. */
let held = new Int32Array(new SharedArrayBuffer(4));

/** Returns the memory of the count, to pass to a new thread. */
export function heldFilesCount(): SharedArrayBuffer {
  return held.buffer as SharedArrayBuffer;
}

/** Makes this thread use the count of the thread that started it. */
export function shareHeldFilesCount(count: SharedArrayBuffer): void {
  held = new Int32Array(count);
}

/** The held files of one task. */
export class HeldFiles {
  readonly #fileSystem: FileSystem;
  #files: OpenFile[] = [];

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** Creates a table's file. Its mode is read-only, since its links share its bytes (docs/leveldb-rules.md, rule 4). */
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

  /** Opens a file. When its writer closes it, it is held or, if too many files are held, fsynced and closed. */
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

  /** Returns the held files, and passes their ownership to the caller. */
  take(): readonly OpenFile[] {
    const files = this.#files;
    this.#files = [];
    return files;
  }

  /** Closes the held files without an fsync, as they are not needed. */
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
    fsyncAndClose(file);
  }
}

/** Output of a task that holds files. The receiver owns them. */
export interface WithUnsynced {
  readonly unsynced: readonly OpenFile[];
}

/** Runs `work` and returns its result with the files that it wrote. If it fails, the files are closed. */
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

/** Fsyncs and closes held files. After a failure it closes the others without an fsync. */
export function fsyncHeldFiles(fileSystem: FileSystem, files: readonly OpenFile[]): void {
  const rest = files.values();
  try {
    for (const file of rest) fsyncHeldFile(fileSystem, file);
  } catch (error) {
    closeHeldFiles(fileSystem, [...rest]);
    throw error;
  }
}

/** Fsyncs and closes a held file. */
export function fsyncHeldFile(fileSystem: FileSystem, file: OpenFile): void {
  const handle = fileSystem.attach(file);
  Atomics.sub(held, 0, 1);
  fsyncAndClose(handle);
}

/** Fsyncs and closes a held file of Node's file system, without blocking the calling thread. */
export function fsyncHeldNodeFile(file: OpenFile): Promise<void> {
  Atomics.sub(held, 0, 1);
  return fsyncAndCloseNodeFile(file);
}

/** Closes held files without an fsync, as they are not needed. */
export function closeHeldFiles(fileSystem: FileSystem, files: readonly OpenFile[]): void {
  for (const file of files) {
    Atomics.sub(held, 0, 1);
    try {
      fileSystem.attach(file).close();
    } catch {
      // The descriptor is closed even so, and the file is not needed.
    }
  }
}
