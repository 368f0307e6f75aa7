// Expands a sync where it lies.
//
// A store with tables replaces the sync in one commit, or, where little changes, writes one batch. Any other engine
// gets batches; one that fails between two of them has a part of the derived grants, and expanding again completes it.
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { byteEncodings, type EngineSnapshot, type ReadWriteEngine } from '@sstitch/contract';
import { grantKey, parseSyncId } from '@sstitch/keys';
import {
  type EntryTables,
  type EntryTablesOptions,
  encodeRecord,
  type GrantRecord,
  RecordLoader,
  StoreSink,
  StoreSource,
  SyncReader,
  type SyncRecord,
  SyncStore,
  type TableStore,
} from '@sstitch/records';
import { AccessError } from '../errors.js';
import { loadGraph } from '../graph/load-graph.js';
import { takeSnapshot } from '../snapshot.js';
import { expandGrants } from './expanded-grants.js';
import {
  ExpandedSync,
  type ExpandedSyncOptions,
  type ExpansionReport,
  expandedRun,
} from './expanded-sync.js';

/** So many changed grants, with the run, go in one batch. */
const MAX_BATCH_GRANTS = 500;
const MAX_BATCH_BYTES = 2 * 1024 * 1024;

/** An engine that makes tables and puts them in place: a `Store` of @sstitch/engine. */
export interface TableEngine<Tables> extends ReadWriteEngine, TableStore<Tables> {
  tableLoader(options: EntryTablesOptions): EntryTables<Tables>;
}

/** Options of {@link expandSync}. */
export interface ExpandSyncOptions extends ExpandedSyncOptions {
  /** Until the commit, aborting leaves a store with tables as it was. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Leave the sync as it is, and write the expanded one under this id, in place of what is there; only on an engine
   * that makes tables.
   * @defaultValue the sync's own id
   */
  readonly as?: string;
}

/**
 * Derives the grants that follow from others, as Baton does, and writes them into the sync: grants through groups in
 * groups, their sources, statistics and indexes; the run then says supports_diff. Expanding again changes nothing.
 *
 * Nobody should write into the sync meanwhile.
 *
 * @throws {@link AccessError} as {@link ExpandedSync}, SSTITCH_GRANT_ID_TAKEN, SSTITCH_OPTION_INVALID; RecordsError
 * SSTITCH_RECORD_REPEATED where a derived grant gets the id of another grant; what the engine throws.
 */
export async function expandSync<Tables>(
  engine: ReadWriteEngine | TableEngine<Tables>,
  syncId: string,
  options: ExpandSyncOptions = {},
): Promise<ExpansionReport> {
  const { as = syncId, signal } = options;
  if (as === syncId) {
    const few = await changesOf(engine, syncId, options, makesTables(engine));
    if (few !== undefined) return few;
  }
  if (!makesTables(engine)) {
    throw new AccessError('SSTITCH_OPTION_INVALID', 'as: this engine writes in place alone');
  }
  const source = new ExpandedSync(engine, syncId, options);
  const loader = new RecordLoader<Tables>((given) => engine.tableLoader(given), { signal });
  const sink = new StoreSink(loader, engine);
  try {
    for await (const batch of source.batches({ signal })) await sink.add(batch.withSyncId(as));
    await sink.finish();
  } finally {
    await sink.close();
  }
  // A source that was read to its end has one.
  return source.report as ExpansionReport;
}

function makesTables<Tables>(
  engine: ReadWriteEngine | TableEngine<Tables>,
): engine is TableEngine<Tables> {
  return 'tableLoader' in engine && 'ingestAndExcise' in engine;
}

/**
 * Writes the changes of an expansion in place.
 *
 * @param onlyFew whether to write nothing where they are too many for one batch
 * @returns undefined where they are
 */
async function changesOf(
  engine: ReadWriteEngine,
  syncId: string,
  { signal, mismatches = 'refuse', now = () => new Date(), onProgress }: ExpandSyncOptions,
  onlyFew: boolean,
): Promise<ExpansionReport | undefined> {
  const snapshot = await takeSnapshot(engine);
  try {
    const store = new SyncStore(engine);
    const writing = { sync: true, ...(signal && { signal }) };
    const run = await new SyncReader(engine).getSyncRun(syncId, { snapshot });
    if (run === undefined) await checkExists(engine, syncId, snapshot);
    const { graph, skipped } = await loadGraph(engine, syncId, { snapshot, signal, mismatches });
    const counts = { principals: 0, created: 0, updated: 0 };
    let pending = new PendingBatch(engine, syncId);
    const discoveredAt = timestampFromDate(now());
    const reading = { snapshot, signal, discoveredAt };
    for await (const { created, updated } of expandGrants(engine, syncId, graph, reading)) {
      counts.principals += 1;
      counts.created += created.length;
      counts.updated += updated.length;
      pending.add(created, updated);
      if (!pending.isFull) continue;
      if (onlyFew) return undefined;
      await store.putMany(syncId, await pending.records(), writing);
      pending = new PendingBatch(engine, syncId);
      onProgress?.({ ...counts });
    }
    const records: SyncRecord[] = await pending.records();
    if (run !== undefined && !run.supportsDiff) records.push(expandedRun(run));
    await store.putMany(syncId, records, writing);
    onProgress?.({ ...counts });
    const { entitlements, edges, cycles } = graph;
    return { ...counts, entitlements: entitlements.length, edges, cycles, skipped };
  } finally {
    await snapshot.close();
  }
}

/** @throws RecordsError SSTITCH_SYNC_NOT_FOUND where the engine holds no record of the sync */
async function checkExists(
  engine: ReadWriteEngine,
  syncId: string,
  snapshot: EngineSnapshot,
): Promise<void> {
  for await (const _ of new StoreSource(engine, { snapshot }).batches({ syncIds: [syncId] }))
    return;
}

/** Changed grants that go out together. */
class PendingBatch {
  readonly #engine: ReadWriteEngine;
  readonly #syncId: string;
  readonly #created: GrantRecord[] = [];
  readonly #updated: GrantRecord[] = [];
  #bytes = 0;

  constructor(engine: ReadWriteEngine, syncId: string) {
    this.#engine = engine;
    this.#syncId = syncId;
  }

  get isFull(): boolean {
    const grants = this.#created.length + this.#updated.length;
    return grants > MAX_BATCH_GRANTS || this.#bytes > MAX_BATCH_BYTES;
  }

  add(created: readonly GrantRecord[], updated: readonly GrantRecord[]): void {
    for (const grant of [...created, ...updated]) this.#bytes += encodeRecord(grant).length;
    this.#created.push(...created);
    this.#updated.push(...updated);
  }

  /** @throws AccessError SSTITCH_GRANT_ID_TAKEN */
  async records(): Promise<GrantRecord[]> {
    const ids = this.#created.map(({ externalId }) => externalId);
    const syncId = parseSyncId(this.#syncId);
    const keys = ids.map((id) => grantKey(syncId, id));
    const before = await this.#engine.getMany(keys, byteEncodings);
    const seen = new Set<string>();
    const taken = ids.find((id, at) => before[at] !== undefined || seen.size === seen.add(id).size);
    if (taken === undefined) return [...this.#created, ...this.#updated];
    throw new AccessError(
      'SSTITCH_GRANT_ID_TAKEN',
      `a derived grant would get the id of another grant, ${JSON.stringify(taken)}: give that another id`,
      { grantId: taken },
    );
  }
}
