// Writes a .c1z file under a temporary name until it is complete.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { C1zError, messageOf } from './errors.js';

export class OutputFile {
  readonly #path: string;
  /** The final path of the file, for messages. */
  readonly #target: string;
  readonly #fileDescriptor: number;
  #lengthBytes = 0;

  /**
   * Creates the file.
   * @throws C1zError SSTITCH_FILE_OPERATION
   */
  constructor(path: string, target: string) {
    this.#path = path;
    this.#target = target;
    this.#fileDescriptor = this.#operation('make', () => openSync(path, 'wx'));
  }

  /** The number of bytes written so far. */
  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Appends bytes. @throws C1zError SSTITCH_FILE_OPERATION */
  write(bytes: Uint8Array): void {
    this.#operation('write', () => {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#fileDescriptor, bytes, written);
      }
    });
    this.#lengthBytes += bytes.length;
  }

  /**
   * Forces the file to stable storage and closes it.
   * @throws C1zError SSTITCH_FILE_OPERATION
   */
  finish(): void {
    this.#operation('fsync', () => fsyncSync(this.#fileDescriptor));
    this.#operation('close', () => closeSync(this.#fileDescriptor));
  }

  #operation<T>(verb: string, run: () => T): T {
    try {
      return run();
    } catch (cause) {
      throw new C1zError(
        'SSTITCH_FILE_OPERATION',
        `cannot ${verb} ${this.#path}, the unfinished file: ${messageOf(cause)}`,
        { path: this.#target, cause },
      );
    }
  }
}
