// A store as a sink of syncs: a bulk load with one commit.
import type { CommitCondition } from '@sstitch/contract';
import type { LoadedSync, RecordLoader, TableStore } from '../load/record-loader.js';
import type { RecordBatch } from './record-batch.js';
import type { SyncSink } from './sync-transfer.js';

/**
 * Writes syncs to a store. `finish` makes the store hold, of each sync with an added record, exactly the added
 * records; before that the store is as it was. Index entries and statistics are derived from the records.
 */
export class StoreSink<Tables> implements SyncSink<LoadedSync[]> {
  readonly #loader: RecordLoader<Tables>;
  readonly #store: TableStore<Tables>;
  readonly #condition: CommitCondition | undefined;

  /**
   * @param loader - a new load, which `close` ends.
   * @param store - the store, which `finish` writes to. It stays open.
   * @param condition - what the commit depends on, for a store that several processes write. @defaultValue nothing
   */
  constructor(
    loader: RecordLoader<Tables>,
    store: TableStore<Tables>,
    condition?: CommitCondition,
  ) {
    this.#loader = loader;
    this.#store = store;
    this.#condition = condition;
  }

  /**
   * Adds records, in any order.
   *
   * @throws {@link RecordsError} as `add` and `room` of a `RecordLoader` do, and SSTITCH_RECORD_UNDECODABLE;
   * KeysError on ids that cannot be in a key. The sink must then be closed.
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
   * Replaces the syncs in the store in one commit.
   *
   * @returns what was loaded of each sync.
   * @throws the errors of `commit` of a `RecordLoader`.
   */
  finish(): Promise<LoadedSync[]> {
    return this.#loader.commit(this.#store, this.#condition);
  }

  /** Ends the load and removes its temporary files. The store stays open. */
  close(): Promise<void> {
    return this.#loader.end();
  }

  /** Ends the load, as `close` does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
