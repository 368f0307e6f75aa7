// Finds the kept records of rows that come by ascending row ids, with one query for each that there is, not for each
// row.
import type { ValueBucket } from '@sstitch/records';
import { keptRecordId, keptRecordIds } from './kept-records.js';
import type { SyncDatabase } from './sync-database.js';
import type { RowId } from './sync-tables.js';

export class KeptRecordCursor {
  readonly #database: SyncDatabase;
  readonly #bucket: ValueBucket;
  /** From this id on, `#next` is the first kept record; undefined before the first query. */
  #from: number | undefined;
  #next: { readonly id: number; readonly record: Uint8Array } | undefined;

  constructor(database: SyncDatabase, bucket: ValueBucket) {
    this.#database = database;
    this.#bucket = bucket;
  }

  /**
   * The kept record of a row.
   * @throws C1zError
   */
  find(rowId: RowId): Uint8Array | undefined {
    const id = keptRecordId(this.#bucket, rowId);
    if (id === undefined) return undefined;
    const isKnown =
      this.#from !== undefined &&
      id >= this.#from &&
      (this.#next === undefined || id <= this.#next.id);
    if (!isKnown) {
      this.#next = this.#database.keptRecord(id, keptRecordIds(this.#bucket).last);
      this.#from = id;
    }
    return this.#next?.id === id ? this.#next.record : undefined;
  }
}
