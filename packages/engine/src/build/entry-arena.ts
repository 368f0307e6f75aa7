// Collects entries in one growing block of shared memory, for a thread that sorts them.

import type { UnsortedEntries } from '@sstitch/contract';
import { EngineError } from '../errors.js';

const FIRST_BYTES = 4096;
const FIRST_ENTRIES = 256;
/** The ends of entries are 32-bit offsets. */
const MAX_ARENA_BYTES = 2 ** 32 - 1;

/** Entries that share a prefix. */
export class EntryArena {
  readonly #prefix: Uint8Array;
  #bytes: Uint8Array;
  #keyEnds: Uint32Array;
  #ends: Uint32Array;
  #count = 0;
  #sizeBytes = 0;

  /** @param used entries whose memory can be reused */
  constructor(prefix: Uint8Array, used?: UnsortedEntries) {
    this.#prefix = prefix;
    this.#bytes = used?.bytes ?? sharedBytes(FIRST_BYTES);
    this.#keyEnds = used?.keyEnds ?? sharedNumbers(FIRST_ENTRIES);
    this.#ends = used?.ends ?? sharedNumbers(FIRST_ENTRIES);
  }

  /** The size of the entries without their prefix, in bytes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Copies an entry into the arena.
   *
   * @param key the key without the prefix
   */
  add(key: Uint8Array, value: Uint8Array): void {
    const keyEnd = this.#sizeBytes + key.byteLength;
    const end = keyEnd + value.byteLength;
    if (end > this.#bytes.byteLength) this.#growBytes(end);
    if (this.#count === this.#ends.length) this.#growNumbers();
    this.#bytes.set(key, this.#sizeBytes);
    this.#bytes.set(value, keyEnd);
    this.#keyEnds[this.#count] = keyEnd;
    this.#ends[this.#count] = end;
    this.#count += 1;
    this.#sizeBytes = end;
  }

  /** Returns the entries. No entry may be added afterwards. */
  entries(): UnsortedEntries {
    const { byteLength } = this.#prefix;
    const prefix = sharedBytes(byteLength);
    prefix.set(this.#prefix);
    return {
      prefix,
      bytes: this.#bytes,
      keyEnds: this.#keyEnds,
      ends: this.#ends,
      count: this.#count,
    };
  }

  #growBytes(least: number): void {
    if (least > MAX_ARENA_BYTES) {
      throw new EngineError('SSTITCH_ENTRIES_INVALID', 'packed entries can take at most 4 GiB');
    }
    const grown = sharedBytes(
      Math.min(MAX_ARENA_BYTES, Math.max(2 * this.#bytes.byteLength, least)),
    );
    grown.set(this.#bytes.subarray(0, this.#sizeBytes));
    this.#bytes = grown;
  }

  #growNumbers(): void {
    const grow = (numbers: Uint32Array) => {
      const grown = sharedNumbers(2 * numbers.length);
      grown.set(numbers);
      return grown;
    };
    this.#keyEnds = grow(this.#keyEnds);
    this.#ends = grow(this.#ends);
  }
}

function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

function sharedNumbers(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT * length));
}
