// A store as a sink of syncs: a bulk load, put in place in one commit.
import type { LoadedSync, RecordLoader, TableStore } from '../record-loader.js';
import type { RecordBatch } from './record-batch.js';
import type { SyncSink } from './sync-transfer.js';

/**
 * Takes syncs into a store. `finish` makes the store hold exactly what was added, of each sync that something was
 * added of; before it the store is as it was. Index entries and statistics follow from the records.
 */
export class StoreSink<Tables> implements SyncSink<LoadedSync[]> {
  readonly #loader: RecordLoader<Tables>;
  readonly #store: TableStore<Tables> | (() => Promise<TableStore<Tables>>);

  /**
   * @param loader - a fresh load, which `close` ends.
   * @param store - what to put the syncs into; a function that opens it is called by `finish`. It stays open.
   */
  constructor(
    loader: RecordLoader<Tables>,
    store: TableStore<Tables> | (() => Promise<TableStore<Tables>>),
  ) {
    this.#loader = loader;
    this.#store = store;
  }

  /**
   * Takes records, in any order.
   *
   * @throws {@link RecordsError} as `add` and `room` of a `RecordLoader`, SSTITCH_RECORD_UNDECODABLE; KeysError on
   * ids that cannot be in a key. The sink must then be closed.
   */
  async add(batch: RecordBatch): Promise<void> {
    const { syncId, bucket } = batch;
    if (batch.isOfValues) {
      for (const value of batch.values) this.#loader.addValue(syncId, bucket, value);
    } else {
      for (const record of batch.records) this.#loader.add(syncId, record);
    }
    await this.#loader.room();
  }

  /**
   * Replaces the syncs in the store, all in one commit.
   *
   * @returns what was loaded of each.
   * @throws as `commit` of a `RecordLoader`.
   */
  async finish(): Promise<LoadedSync[]> {
    const store = typeof this.#store === 'function' ? await this.#store() : this.#store;
    return this.#loader.commit(store);
  }

  close(): Promise<void> {
    return this.#loader.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
