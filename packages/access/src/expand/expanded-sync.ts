// A sync as a source, in its expanded form: any sink of syncs takes it, a store as well as a file.
//
// Grants of entitlements that nothing leads to, and all other records, go through as the bytes they are.
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { EngineSnapshot, ReadableEngine } from '@sstitch/contract';
import {
  type BatchOptions,
  encodeRecord,
  RecordBatch,
  StoreSource,
  SyncCounter,
  SyncReader,
  type SyncRunRecord,
  type SyncSource,
} from '@sstitch/records';
import { AccessError } from '../errors.js';
import type { EntitlementGraph } from '../graph/entitlement-graph.js';
import {
  type LoadedGraph,
  loadGraph,
  type MismatchPolicy,
  type SkippedEdges,
} from '../graph/load-graph.js';
import { takeSnapshot } from '../snapshot.js';
import { expandGrants } from './expanded-grants.js';

const BATCH_RECORDS = 256;

/** Options of {@link ExpandedSync}. */
export interface ExpandedSyncOptions {
  /** What to do with a grant to one resource that expands to the entitlement of another. @defaultValue 'refuse' */
  readonly mismatches?: MismatchPolicy;
  /** The clock, for the discovered_at of derived grants. @defaultValue the wall clock */
  readonly now?: () => Date;
  /** Called now and then, and at the end. */
  readonly onProgress?: ((progress: ExpansionCounts) => void) | undefined;
}

/** How many grants an expansion made. */
export interface ExpansionCounts {
  /** Principals that hold an entitlement of the graph. */
  readonly principals: number;
  /** Derived grants that were not there. */
  readonly created: number;
  /** Grants that were there and got sources. */
  readonly updated: number;
}

/** What an expansion did. */
export interface ExpansionReport extends ExpansionCounts {
  /** Entitlements of the graph. */
  readonly entitlements: number;
  /** Edges of the graph, those of cycles left out. */
  readonly edges: number;
  /** Cycles: their entitlements do not pass access on to each other. */
  readonly cycles: number;
  readonly skipped: SkippedEdges;
}

/** One sync of an engine, expanded. Each iteration shows one state of the engine. */
export class ExpandedSync implements SyncSource {
  readonly #engine: ReadableEngine;
  readonly #syncId: string;
  readonly #options: ExpandedSyncOptions;
  #report: ExpansionReport | undefined;

  constructor(engine: ReadableEngine, syncId: string, options: ExpandedSyncOptions = {}) {
    this.#engine = engine;
    this.#syncId = syncId;
    this.#options = options;
  }

  /** What the last iteration that came to its end did. */
  get report(): ExpansionReport | undefined {
    return this.#report;
  }

  /**
   * The records of the sync, expanded; its run says supports_diff, as one that Baton expanded.
   *
   * @throws {@link AccessError} from the iteration: SSTITCH_SYNC_NOT_FOUND, SSTITCH_EXPANSION_MISMATCHED,
   * SSTITCH_EXPANSION_INCOMPLETE, SSTITCH_INDEX_INEXACT, SSTITCH_ABORTED; RecordsError as a list.
   */
  async *batches({ syncIds, signal }: BatchOptions = {}): AsyncGenerator<RecordBatch> {
    const other = syncIds?.find((syncId) => syncId !== this.#syncId);
    if (other !== undefined) throw notFound(other);
    const snapshot = await takeSnapshot(this.#engine);
    try {
      const mismatches = this.#options.mismatches ?? 'refuse';
      const loaded = await loadGraph(this.#engine, this.#syncId, { snapshot, signal, mismatches });
      let withheld = 0;
      for await (const batch of this.#stored(snapshot, signal)) {
        const kept = unexpanded(loaded.graph, batch);
        withheld += batch.length - (kept?.length ?? 0);
        if (kept !== undefined) yield kept;
      }
      yield* this.#expanded(loaded, withheld, snapshot, signal);
    } finally {
      await snapshot.close();
    }
  }

  /** Does nothing: the engine stays open. */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  /** The records that are stored, without statistics. */
  async *#stored(
    snapshot: EngineSnapshot,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<RecordBatch, void, undefined> {
    const source = new StoreSource(this.#engine, { snapshot });
    for await (const batch of source.batches({ syncIds: [this.#syncId], signal })) {
      if (batch.bucket === 'sync_stats') continue;
      yield batch.bucket === 'sync_run' ? asExpanded(batch as RecordBatch<'sync_run'>) : batch;
    }
  }

  /** The grants of entitlements that others lead to, and the statistics. */
  async *#expanded(
    { graph, skipped }: LoadedGraph,
    withheld: number,
    snapshot: EngineSnapshot,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<RecordBatch, void, undefined> {
    const syncId = this.#syncId;
    const discoveredAt = timestampFromDate((this.#options.now ?? (() => new Date()))());
    const stats = await new SyncReader(this.#engine).getSyncStats(syncId, { snapshot });
    const counter = stats && new SyncCounter(stats);
    const counts = { principals: 0, created: 0, updated: 0 };
    let found = 0;
    let values: Uint8Array[] = [];
    const options = { snapshot, signal, discoveredAt };
    for await (const expanded of expandGrants(this.#engine, syncId, graph, options)) {
      const { created, updated, unchanged } = expanded;
      counts.principals += 1;
      counts.created += created.length;
      counts.updated += updated.length;
      found += updated.length + unchanged.length;
      for (const grant of created) counter?.add(grant);
      for (const grant of [...created, ...updated]) values.push(encodeRecord(grant));
      for (const { value } of unchanged) values.push(value);
      if (values.length < BATCH_RECORDS) continue;
      yield RecordBatch.ofValues(syncId, 'grant', values);
      values = [];
      this.#options.onProgress?.({ ...counts });
    }
    if (found !== withheld) throw inexact(withheld, found);
    if (values.length > 0) yield RecordBatch.ofValues(syncId, 'grant', values);
    if (counter !== undefined) {
      yield RecordBatch.ofRecords(syncId, 'sync_stats', [counter.toRecord(syncId)]);
    }
    this.#options.onProgress?.({ ...counts });
    const { entitlements, edges, cycles } = graph;
    this.#report = { ...counts, entitlements: entitlements.length, edges, cycles, skipped };
  }
}

/** The run of a sync that was expanded. */
export function expandedRun(run: SyncRunRecord): SyncRunRecord {
  return run.supportsDiff ? run : { ...run, supportsDiff: true };
}

function asExpanded(batch: RecordBatch<'sync_run'>): RecordBatch {
  if (batch.records.every(({ supportsDiff }) => supportsDiff)) return batch;
  return RecordBatch.ofRecords(batch.syncId, 'sync_run', batch.records.map(expandedRun));
}

/** What expansion leaves as it is; undefined for nothing. */
function unexpanded(graph: EntitlementGraph, batch: RecordBatch): RecordBatch | undefined {
  if (batch.bucket !== 'grant') return batch;
  const grants = batch as RecordBatch<'grant'>;
  const isKept = grants.records.map(({ entitlement, principal }) => {
    const number = entitlement && graph.numberOf(entitlement.entitlementId);
    return principal === undefined || number === undefined || !graph.isDestination(number);
  });
  if (isKept.every(Boolean)) return batch;
  const values = grants.values.filter((_, at) => isKept[at]);
  return values.length === 0 ? undefined : RecordBatch.ofValues(batch.syncId, 'grant', values);
}

function notFound(syncId: string): AccessError {
  return new AccessError('SSTITCH_SYNC_NOT_FOUND', `the source holds no sync ${syncId}`);
}

function inexact(records: number, listed: number): AccessError {
  return new AccessError(
    'SSTITCH_INDEX_INEXACT',
    `the index grant_by_entitlement lists ${listed} grants that are expanded, and there are ${records}: verify the store`,
  );
}
