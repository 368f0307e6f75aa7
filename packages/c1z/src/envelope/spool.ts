// Holds decoded files of a payload while they are read: in memory if they are small, otherwise in a directory.
//
// Invariant: the files in memory take at most `maxMemoryBytes` together, whatever their number.
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { C1zError, messageOf } from '../errors.js';

/** The most memory that small files take together. */
const MAX_MEMORY_BYTES = 64 * 2 ** 20;

/** A file that is written once from start to end and then read. */
export interface SpooledFile {
  write(bytes: Uint8Array): void;
  /** Fills `target` from `position` on; returns the number of bytes read. */
  read(target: Uint8Array, position: number): number;
  /** Removes the file. */
  remove(): void;
}

export class Spool {
  readonly #directory: string;
  readonly #maxMemoryBytes: number;
  #memoryBytes = 0;
  #lastNumber = 0;

  /** @param directory the directory for files; its owner removes it at the end */
  constructor(directory: string, maxMemoryBytes: number = MAX_MEMORY_BYTES) {
    this.#directory = directory;
    this.#maxMemoryBytes = maxMemoryBytes;
  }

  /** Creates a file for at most `sizeBytes`. */
  newFile(sizeBytes: number): SpooledFile {
    if (this.#memoryBytes + sizeBytes > this.#maxMemoryBytes) return this.#newDiskFile();
    this.#memoryBytes += sizeBytes;
    return new MemoryFile(sizeBytes, () => {
      this.#memoryBytes -= sizeBytes;
    });
  }

  #newDiskFile(): SpooledFile {
    this.#lastNumber += 1;
    const path = join(this.#directory, `payload-${this.#lastNumber}`);
    return new DiskFile(
      path,
      fileOperation(path, () => openSync(path, 'wx+', 0o600)),
    );
  }
}

class MemoryFile implements SpooledFile {
  #bytes: Uint8Array;
  #length = 0;
  readonly #onRemoved: () => void;

  constructor(sizeBytes: number, onRemoved: () => void) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#onRemoved = onRemoved;
  }

  write(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  read(target: Uint8Array, position: number): number {
    const bytes = this.#bytes.subarray(position, position + target.length);
    target.set(bytes);
    return bytes.length;
  }

  remove(): void {
    this.#bytes = new Uint8Array(0);
    this.#onRemoved();
  }
}

class DiskFile implements SpooledFile {
  readonly #path: string;
  readonly #fileDescriptor: number;

  constructor(path: string, fileDescriptor: number) {
    this.#path = path;
    this.#fileDescriptor = fileDescriptor;
  }

  write(bytes: Uint8Array): void {
    fileOperation(this.#path, () => {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#fileDescriptor, bytes, written);
      }
    });
  }

  read(target: Uint8Array, position: number): number {
    return fileOperation(this.#path, () =>
      readSync(this.#fileDescriptor, target, 0, target.length, position),
    );
  }

  remove(): void {
    closeSync(this.#fileDescriptor);
    rmSync(this.#path, { force: true });
  }
}

function fileOperation<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (cause) {
    throw new C1zError(
      'SSTITCH_FILE_OPERATION',
      `the directory for temporary files fails: ${messageOf(cause)}`,
      { path, cause },
    );
  }
}
