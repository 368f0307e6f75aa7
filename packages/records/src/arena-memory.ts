// Memory that serves again and again: what a bulk load needs in all is many times what it holds at a time,
// and a thread that makes few objects would let the garbage pile up. It is shared memory, so that worker
// threads can read it where it lies.
//
// Invariants: a block is a power of two of bytes; it is either lent or in `#free`, once.

/** What is free comes to so many bytes at most; more goes to the garbage collector. */
const MAX_FREE_BYTES = 48 * 1024 * 1024;
const LEAST_BYTES = 1024;

export class ArenaMemory {
  /** By their size. */
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  #freeBytes = 0;

  /** A block of so many bytes at least. What is in it is anything. */
  take(leastBytes: number): Uint8Array {
    let bytes = LEAST_BYTES;
    while (bytes < leastBytes) bytes *= 2;
    const found = this.#free.get(bytes)?.pop();
    if (found === undefined) return new Uint8Array(new SharedArrayBuffer(bytes));
    this.#freeBytes -= bytes;
    return new Uint8Array(found);
  }

  /** Gives a block back, by any view of it. The caller has no further use for it. */
  give({ buffer }: Uint8Array | Uint32Array): void {
    const bytes = buffer.byteLength;
    if (!(buffer instanceof SharedArrayBuffer) || this.#freeBytes + bytes > MAX_FREE_BYTES) return;
    this.#freeBytes += bytes;
    const alike = this.#free.get(bytes);
    if (alike === undefined) this.#free.set(bytes, [buffer]);
    else alike.push(buffer);
  }
}
