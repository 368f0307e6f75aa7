// A file system in memory that counts the bytes read from it.

import { basename, dirname } from 'node:path';
import type { FileHandle } from '@sstitch/sst';
import type { ReadableFileSystem } from '../src/index.js';

export type Files = Map<string, Uint8Array>;

export const DIRECTORY = '/database';

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file, '${path}'`), { code: 'ENOENT' });
}

/** A file system with the files of one directory, `DIRECTORY`. */
export class MemoryFiles implements ReadableFileSystem {
  readonly files: Files;
  /** The names of the opened files, in order. */
  readonly opened: string[] = [];
  openCount = 0;
  bytesRead = 0;

  constructor(files: Iterable<readonly [string, Uint8Array]>) {
    this.files = new Map(files);
  }

  readdir(path: string): string[] {
    if (path !== DIRECTORY) throw missing(path);
    return [...this.files.keys()].sort();
  }

  status(path: string) {
    const bytes = this.#bytes(path);
    return { kind: 'file' as const, sizeBytes: bytes.length, mode: 0o644, links: 1 };
  }

  open(path: string): FileHandle {
    const bytes = this.#bytes(path);
    this.opened.push(basename(path));
    this.openCount += 1;
    return {
      read: (target, position) => {
        const part = bytes.subarray(position, position + target.length);
        target.set(part);
        this.bytesRead += part.length;
        return part.length;
      },
      sizeBytes: () => bytes.length,
      close: () => {
        this.openCount -= 1;
      },
      write: () => expectNoWrite(),
      sync: () => expectNoWrite(),
    };
  }

  #bytes(path: string): Uint8Array {
    const bytes = dirname(path) === DIRECTORY ? this.files.get(basename(path)) : undefined;
    if (bytes === undefined) throw missing(path);
    return bytes;
  }
}

function expectNoWrite(): never {
  throw new Error('a reader writes');
}
