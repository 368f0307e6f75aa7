// Reads a sync in its expanded form, as a source for any sink of syncs, such as a store or a file.
//
// Unchanged grants, and all other records except the run and the statistics, pass as bytes.
import type { ReadableEngine } from '@sstitch/contract';
import {
  type BatchOptions,
  encodeRecord,
  RecordBatch,
  replacedVersionOf,
  replacedVersionToken,
  SyncCounter,
  SyncReader,
  type SyncRunRecord,
  type SyncSource,
  VALUE_BUCKETS,
  type ValueBucket,
} from '@sstitch/records';
import { AccessError } from '../errors.js';
import { bucketValues } from './bucket-values.js';
import { type ExpansionOptions, type ExpansionReport, SyncExpansion } from './sync-expansion.js';

/** The buckets of records except grants and statistics, the run first. */
const PASSED_ON: readonly ValueBucket[] = [
  'sync_run',
  ...VALUE_BUCKETS.filter((bucket) => !['sync_run', 'grant', 'sync_stats'].includes(bucket)),
];

/** One sync of an engine, expanded. Each iteration reads one state of the engine. */
export class ExpandedSync implements SyncSource {
  readonly #engine: ReadableEngine;
  readonly #syncId: string;
  readonly #options: ExpansionOptions;
  #report: ExpansionReport | undefined;

  constructor(engine: ReadableEngine, syncId: string, options: ExpansionOptions = {}) {
    this.#engine = engine;
    this.#syncId = syncId;
    this.#options = options;
  }

  /** The report of the last complete iteration. */
  get report(): ExpansionReport | undefined {
    return this.#report;
  }

  /**
   * Reads the records of the expanded sync. Its run has supports_diff set, as Baton's expanded runs do.
   *
   * @throws {@link AccessError} from the iteration: SSTITCH_SYNC_NOT_FOUND, SSTITCH_EXPANSION_MISMATCHED,
   * SSTITCH_EXPANSION_INCOMPLETE, SSTITCH_ABORTED; RecordsError as lists do.
   */
  async *batches({ syncIds, signal }: BatchOptions = {}): AsyncGenerator<RecordBatch> {
    const other = syncIds?.find((syncId) => syncId !== this.#syncId);
    if (other !== undefined) throw syncNotFound(other);
    const expansion = await SyncExpansion.open(this.#engine, this.#syncId, signal, this.#options);
    try {
      yield* expandedBatches(this.#engine, expansion, signal);
      this.#report = expansion.report;
    } finally {
      await expansion.close();
    }
  }

  /** Does nothing: the engine stays open. */
  async close(): Promise<void> {}

  /** Does nothing: the engine stays open. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Reads the records of an expanded sync: its run first, its statistics last. */
export async function* expandedBatches(
  engine: ReadableEngine,
  expansion: SyncExpansion,
  signal: AbortSignal | undefined,
): AsyncGenerator<RecordBatch, void, undefined> {
  const { syncId, snapshot } = expansion;
  let isFound = false;
  for (const bucket of PASSED_ON) {
    for await (const values of bucketValues(engine, syncId, bucket, { snapshot, signal })) {
      isFound = true;
      const batch = RecordBatch.ofValues(syncId, bucket, values);
      if (bucket === 'sync_run') yield asExpanded(batch as RecordBatch<'sync_run'>);
      else {
        yield batch;
        expansion.wroteOthers(batch.length);
      }
    }
  }
  const stats = await new SyncReader(engine).getSyncStats(syncId, { snapshot });
  const counter = stats && new SyncCounter(stats);
  for await (const { created, updated, unchanged } of expansion.grants(signal, 'writing')) {
    for (const grant of created) counter?.add(grant);
    isFound = true;
    const changed = [...created, ...updated];
    if (changed.length > 0) yield RecordBatch.ofRecords(syncId, 'grant', changed);
    if (unchanged !== undefined) yield unchanged;
  }
  if (!isFound && counter === undefined) throw syncNotFound(syncId);
  if (counter !== undefined) {
    yield RecordBatch.ofRecords(syncId, 'sync_stats', [counter.toRecord(syncId)]);
  }
}

export function syncNotFound(syncId: string): AccessError {
  return new AccessError('SSTITCH_SYNC_NOT_FOUND', `there is no sync ${syncId}`);
}

/** Returns the run of an expanded sync, which is `run` itself if the sync was expanded before. */
export function expandedRun(run: SyncRunRecord): SyncRunRecord {
  const version = replacedVersionOf(run);
  // The version's own run is that of the sync when the version is restored or copied.
  const own = version?.run && expandedRun(version.run);
  if (version !== undefined && own !== undefined && own !== version.run) {
    const syncToken = replacedVersionToken(version.keptAt, encodeRecord(own));
    return { ...run, supportsDiff: true, syncToken };
  }
  return run.supportsDiff ? run : { ...run, supportsDiff: true };
}

function asExpanded(batch: RecordBatch<'sync_run'>): RecordBatch {
  const runs = batch.records.map(expandedRun);
  if (runs.every((run, at) => run === batch.records[at])) return batch;
  return RecordBatch.ofRecords(batch.syncId, 'sync_run', runs);
}
