// A pool of reusable memory. A bulk load needs in total many times what it holds at a time, and in a thread
// that allocates few objects garbage would pile up. The memory is shared, so that worker threads read it
// without a copy.
//
// Invariants: the size of a block is a power of two; a block is either lent or in `#free`, once.

/** The most bytes of free blocks to keep; further blocks go to the garbage collector. */
const MAX_FREE_BYTES = 48 * 1024 * 1024;
const LEAST_BYTES = 1024;

export class ArenaMemory {
  /** Free blocks by size. */
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  #freeBytes = 0;

  /** Lends a block of at least `leastBytes`, with arbitrary content. */
  take(leastBytes: number): Uint8Array {
    let bytes = LEAST_BYTES;
    while (bytes < leastBytes) bytes *= 2;
    const found = this.#free.get(bytes)?.pop();
    if (found === undefined) return new Uint8Array(new SharedArrayBuffer(bytes));
    this.#freeBytes -= bytes;
    return new Uint8Array(found);
  }

  /** Returns a block, given any view of it. The caller must not use it afterwards. */
  give({ buffer }: Uint8Array | Uint32Array): void {
    const bytes = buffer.byteLength;
    if (!(buffer instanceof SharedArrayBuffer) || this.#freeBytes + bytes > MAX_FREE_BYTES) return;
    this.#freeBytes += bytes;
    const alike = this.#free.get(bytes);
    if (alike === undefined) this.#free.set(bytes, [buffer]);
    else alike.push(buffer);
  }
}
