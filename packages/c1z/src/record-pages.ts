// Pages of encoded records for the transfer between processes: many records in one piece of memory.
//
// Invariant: record `i` lies in `bytes` from the end of the previous one (0 for the first) to `ends[i]`.

/** Some records and the cursor of the next page. */
export interface RecordPage {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /**
   * The number of records by the resource type under which statistics count them, '' for none; empty if not
   * counted.
   */
  readonly counts: readonly TypeCount[];
  /** The record after which the next page begins; undefined if none follows. */
  readonly next: Cursor | undefined;
}

export type TypeCount = readonly [resourceTypeId: string, count: number];

/** The end of a page: a row id of SQLite or a key of Pebble. */
export type Cursor = number | bigint | Uint8Array;

const NOTHING = new Uint8Array(0);

/** Builds a page. */
export class RecordPageBuilder {
  #bytes = new Uint8Array(4096);
  #length = 0;
  readonly #ends: number[] = [];
  readonly #counts = new Map<string, number>();

  get lengthBytes(): number {
    return this.#length;
  }

  get count(): number {
    return this.#ends.length;
  }

  add(record: Uint8Array): void {
    this.addJoined(NOTHING, record, 0, record.length);
  }

  /** Adds a record that consists of `first` and `source[start, end)`. */
  addJoined(first: Uint8Array, source: Uint8Array, start: number, end: number): void {
    const secondAt = this.#length + first.length;
    const newLength = secondAt + end - start;
    if (newLength > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(newLength, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(first, this.#length);
    this.#bytes.set(source.subarray(start, end), secondAt);
    this.#length = newLength;
    this.#ends.push(newLength);
  }

  /** Counts an added record under this resource type, '' for none. */
  countAs(resourceTypeId: string): void {
    this.#counts.set(resourceTypeId, (this.#counts.get(resourceTypeId) ?? 0) + 1);
  }

  page(next: Cursor | undefined): RecordPage {
    const bytes = this.#bytes.slice(0, this.#length);
    return { bytes, ends: Uint32Array.from(this.#ends), counts: [...this.#counts], next };
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
