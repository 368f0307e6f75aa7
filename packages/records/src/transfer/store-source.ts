// A store as a source of syncs, in one state.
import type { EngineSnapshot, ReadableEngine } from '@sstitch/contract';
import { bucketSpan } from '@sstitch/keys';
import { RecordsError } from '../errors.js';
import { scanPages, withSnapshot } from '../read/scan.js';
import { SyncReader } from '../read/sync-reader.js';
import { VALUE_BUCKETS, type ValueBucket } from '../record-types.js';
import { RecordBatch } from './record-batch.js';
import type { BatchOptions, SyncSource } from './sync-transfer.js';

/** Options of a {@link StoreSource}. */
export interface StoreSourceOptions {
  /** Read this state of the engine. @defaultValue the state at the beginning of an iteration */
  readonly snapshot?: EngineSnapshot;
}

/**
 * The order of a sync's records: the run, which describes it, is first, and the statistics, which count it, are
 * last.
 */
const SOURCE_ORDER: readonly ValueBucket[] = [
  'sync_run',
  ...VALUE_BUCKETS.filter((bucket) => bucket !== 'sync_run'),
];

/**
 * The syncs of an engine, each bucket in key order, as the stored bytes. Each iteration shows one state of the engine.
 */
export class StoreSource implements SyncSource {
  readonly #engine: ReadableEngine;
  readonly #snapshot: EngineSnapshot | undefined;

  constructor(engine: ReadableEngine, { snapshot }: StoreSourceOptions = {}) {
    this.#engine = engine;
    this.#snapshot = snapshot;
  }

  /**
   * Yields the records of the named syncs, or of all syncs that have a run, by sync id.
   *
   * @throws {@link RecordsError} from the iteration: SSTITCH_SYNC_NOT_FOUND for a named sync without records,
   * SSTITCH_ABORTED; KeysError SSTITCH_SYNC_ID_INVALID.
   */
  batches({ syncIds, signal }: BatchOptions = {}): AsyncGenerator<RecordBatch, void, undefined> {
    const engine = this.#engine;
    return withSnapshot(engine, this.#snapshot, async function* (snapshot) {
      for (const syncId of syncIds ?? (await startedSyncs(engine, { snapshot, signal }))) {
        let isFound = false;
        for (const bucket of SOURCE_ORDER) {
          const span = bucketSpan(bucket, syncId);
          for await (const page of scanPages(engine, span, { snapshot, signal })) {
            isFound = true;
            const values = page.map(([, value]) => value);
            yield RecordBatch.ofValues(syncId, bucket, values);
          }
        }
        if (!isFound)
          throw new RecordsError('SSTITCH_SYNC_NOT_FOUND', `the store holds no sync ${syncId}`);
      }
    });
  }

  /** Does nothing: the engine stays open. */
  async close(): Promise<void> {}

  /** Does nothing: the engine stays open. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

async function startedSyncs(
  engine: ReadableEngine,
  options: { readonly snapshot: EngineSnapshot; readonly signal: AbortSignal | undefined },
): Promise<string[]> {
  const { snapshot, signal } = options;
  const syncIds: string[] = [];
  const runs = new SyncReader(engine).listSyncRuns({ snapshot, ...(signal && { signal }) });
  for await (const { syncId } of runs) syncIds.push(syncId);
  return syncIds;
}
