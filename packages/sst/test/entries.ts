// Entries for tests. Bytes are written as latin1 text, so that expectations are readable.

import { Buffer } from 'node:buffer';
import { type EntryType, makeInternalKey } from '../src/encoding/internal-key.js';
import type { FileHandle, FileSystem } from '../src/files/file-system.js';
import type { EntryIterator } from '../src/table/table-iterator.js';

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Makes an internal key from text. */
export function internalKey(userKey: string, sequence: number, type: EntryType): Uint8Array {
  return makeInternalKey(bytesOf(userKey), sequence, type);
}

/** Returns incompressible bytes, the same for the same seed (xorshift32). */
export function pseudoRandomBytes(seed: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let state = (seed + 1) * 0x9e3779b1;
  for (let index = 0; index < count; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}

/** Returns the remaining entries of an iterator, as text. */
export function remaining(iterator: EntryIterator): [string, string][] {
  const entries: [string, string][] = [];
  for (; iterator.valid; iterator.next()) {
    entries.push([textOf(iterator.key), textOf(iterator.value)]);
  }
  return entries;
}

/** A file in memory, which counts its calls. */
export class MemoryFile implements FileHandle {
  #bytes: Uint8Array;
  writes = 0;
  reads = 0;
  closed = false;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  read(target: Uint8Array, position: number): number {
    this.reads += 1;
    const found = this.#bytes.subarray(position, position + target.length);
    target.set(found);
    return found.length;
  }

  write(bytes: Uint8Array): void {
    this.writes += 1;
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    this.#bytes = joined;
  }

  sync(): void {}

  sizeBytes(): number {
    return this.#bytes.length;
  }

  close(): void {
    this.closed = true;
  }
}

/** Makes a file system that opens one file in memory at any path, which is enough for readers. */
export function fileSystemOf(file: MemoryFile | Uint8Array): FileSystem {
  const handle = file instanceof MemoryFile ? file : new MemoryFile(file);
  const open = { open: () => handle };
  return new Proxy(open as unknown as FileSystem, {
    get(target, name) {
      if (name === 'open') return target.open;
      throw new Error(`a reader must not use ${String(name)}`);
    },
  });
}
