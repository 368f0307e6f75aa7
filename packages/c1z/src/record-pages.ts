// Pages of encoded records for the transfer between processes: many records in one piece of memory.
//
// Invariant: record `i` lies in `bytes` from the end of the previous one (0 for the first) to `ends[i]`.

/** Some records and the cursor of the next page. */
export interface RecordPage {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** The record after which the next page begins; undefined if none follows. */
  readonly next: Cursor | undefined;
}

/** The end of a page: a row id of SQLite or a key of Pebble. */
export type Cursor = number | bigint | Uint8Array;

/** Builds a page. */
export class RecordPageBuilder {
  #bytes = new Uint8Array(4096);
  #length = 0;
  readonly #ends: number[] = [];

  get lengthBytes(): number {
    return this.#length;
  }

  get count(): number {
    return this.#ends.length;
  }

  add(record: Uint8Array): void {
    const end = this.#length + record.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(record, this.#length);
    this.#length = end;
    this.#ends.push(end);
  }

  page(next: Cursor | undefined): RecordPage {
    return { bytes: this.#bytes.slice(0, this.#length), ends: Uint32Array.from(this.#ends), next };
  }
}

/** Returns the records of a page as views. */
export function recordsOf({ bytes, ends }: Pick<RecordPage, 'bytes' | 'ends'>): Uint8Array[] {
  const records: Uint8Array[] = [];
  let start = 0;
  for (const end of ends) {
    records.push(bytes.subarray(start, end));
    start = end;
  }
  return records;
}
