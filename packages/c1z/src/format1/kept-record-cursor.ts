// Finds the kept records of rows in ascending order of row ids, with one query for each kept record, not for each row.
import type { ValueBucket } from '@sstitch/records';
import { keptRecordId, keptRecordIds } from './kept-records.js';
import type { SyncDatabase } from './sync-database.js';
import type { RowId } from './sync-tables.js';

export class KeptRecordCursor {
  readonly #database: SyncDatabase;
  readonly #bucket: ValueBucket;
  /** `#next` is the first kept record from this id on; undefined before the first query. */
  #from: number | undefined;
  #next: { readonly id: number; readonly record: Uint8Array } | undefined;

  constructor(database: SyncDatabase, bucket: ValueBucket) {
    this.#database = database;
    this.#bucket = bucket;
  }

  /**
   * Returns the kept record of a row, if there is one.
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
