// A stream of entries that is read page by page and looked at entry by entry, for merges.
import { compareBytes } from '@sstitch/contract';

/** An entry of a stream. */
export interface StreamEntry {
  readonly key: Uint8Array;
  /** Undefined for a tombstone. */
  readonly value: Uint8Array | undefined;
  readonly version: number;
}

/** A stream's current page. The owner calls `load` when `isSpent`, and `close` at the end. */
export class EntryStream {
  readonly #pages: AsyncIterator<readonly StreamEntry[], void, undefined>;
  #page: readonly StreamEntry[] = [];
  #at = 0;
  #ended = false;

  constructor(pages: AsyncIterator<readonly StreamEntry[], void, undefined>) {
    this.#pages = pages;
  }

  /** Whether `load` must be awaited before the next look. */
  get isSpent(): boolean {
    return this.#at >= this.#page.length && !this.#ended;
  }

  /** The current entry; undefined at the end. */
  get current(): StreamEntry | undefined {
    return this.#page[this.#at];
  }

  advance(): void {
    this.#at += 1;
  }

  async load(): Promise<void> {
    while (this.isSpent) {
      const next = await this.#pages.next();
      this.#page = next.done ? [] : next.value;
      this.#ended = next.done === true;
      this.#at = 0;
    }
  }

  async close(): Promise<void> {
    await this.#pages.return?.();
  }
}

/** Orders keys ascending or descending. */
export function keyOrder(reverse: boolean): (a: Uint8Array, b: Uint8Array) => number {
  return reverse ? (a, b) => compareBytes(b, a) : compareBytes;
}
