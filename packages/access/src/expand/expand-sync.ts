// Expands a sync in place.
//
// A store with tables replaces the sync in one commit, or writes one batch if few grants change. Any other engine gets
// batches. A failure between two batches leaves some of the derived grants, and expanding again adds the rest.
//
// Invariant: the write lock is held from the snapshot that the expansion reads to its last write. A put in between
// would be lost when the sync is replaced. If other processes write to the engine, a batch or a replacement commits only
// if the sync is as the snapshot shows it, with the earlier batches. After a conflict the expansion starts again.
import {
  type BytePut,
  boundsOf,
  byteEncodings,
  type EngineSnapshot,
  type ReadWriteEngine,
  readPages,
} from '@sstitch/contract';
import { grantKey, parseSyncId, syncSpans } from '@sstitch/keys';
import {
  type EntryTables,
  type EntryTablesOptions,
  type ExclusiveWriter,
  type GrantRecord,
  RecordLoader,
  RecordsError,
  recordEntries,
  StoreSink,
  SyncReader,
  type SyncRecord,
  type TableStore,
  VALUE_BUCKETS,
  writeExclusively,
} from '@sstitch/records';
import { AccessError, type AccessErrorDetails, throwIfAborted } from '../errors.js';
import { bucketValues } from './bucket-values.js';
import { expandedBatches, expandedRun, syncNotFound } from './expanded-sync.js';
import { type ExpansionOptions, type ExpansionReport, SyncExpansion } from './sync-expansion.js';

/** The most changed grants in a batch, which also holds the run: `putMany` splits none of this size. */
const MAX_BATCH_GRANTS = 500;
/** The most bytes of these grants and their index entries, which may be larger than the grants. */
const MAX_BATCH_BYTES = 2 * 1024 * 1024;

/** An engine that makes tables and puts them in place: a `Store` of @sstitch/engine. */
export interface TableEngine<Tables> extends ReadWriteEngine, TableStore<Tables> {
  /** Makes a builder of tables from unsorted entries. */
  tableLoader(options: EntryTablesOptions): EntryTables<Tables>;
}

/** Options of {@link expandSync}. */
export interface ExpandSyncOptions extends ExpansionOptions {
  /** Aborts the expansion. Before the commit, an abort leaves a store with tables unchanged. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Leaves the sync unchanged and writes the expanded one under this id, with a copy of its run. Needs an engine that
   * makes tables. The copy of a version that `compactKeeping` of @sstitch/operations has kept is an ordinary sync.
   * @defaultValue the sync's own id
   */
  readonly as?: string;
  /** Whether to replace what the engine holds under the id of `as`. @defaultValue false */
  readonly replace?: boolean;
}

/**
 * Derives the grants that follow from others, as Baton does, and writes them into the sync: grants through nested
 * groups, their sources, statistics and indexes. It sets supports_diff in the run. Expanding again changes nothing.
 *
 * Writers of a `SyncStore` on the engine wait until it is done. The sync must not be written by other means meanwhile.
 *
 * @throws {@link AccessError} as {@link ExpandedSync}, SSTITCH_SYNC_EXISTS, SSTITCH_GRANT_ID_TAKEN,
 * SSTITCH_OPTION_INVALID; RecordsError as lists do; errors of the engine.
 */
export async function expandSync<Tables>(
  engine: ReadWriteEngine | TableEngine<Tables>,
  syncId: string,
  options: ExpandSyncOptions = {},
): Promise<ExpansionReport> {
  const { as = syncId, replace = false, signal } = options;
  const tables = tablesOf(engine);
  if (as !== syncId && tables === undefined) {
    throw new AccessError('SSTITCH_OPTION_INVALID', 'as: this engine can only expand in place');
  }
  const needsFree = as !== syncId && !replace;
  const spans = [syncId, ...(needsFree ? [as] : [])].flatMap((id) =>
    syncSpans(id).map(({ span }) => span),
  );
  return writeExclusively(engine, spans, signal, async (writer) => {
    if (needsFree) await checkFree(engine, as, writer.basis, signal);
    const expansion = await SyncExpansion.open(engine, syncId, signal, options, writer.basis);
    const writing = { engine, writer, expansion, signal };
    try {
      const isWritten =
        as === syncId && (await writeInPlace(writing, { onlyOnce: tables !== undefined }));
      if (!isWritten && tables !== undefined) await replaceSync(tables, writing, as);
      return expansion.report;
    } finally {
      await expansion.close();
    }
  });
}

function tablesOf<Tables>(
  engine: ReadWriteEngine | TableEngine<Tables>,
): TableEngine<Tables> | undefined {
  return 'tableLoader' in engine && 'ingestAndExcise' in engine ? engine : undefined;
}

/** @throws AccessError SSTITCH_SYNC_EXISTS if the engine holds a key of the sync */
async function checkFree(
  engine: ReadWriteEngine,
  syncId: string,
  snapshot: EngineSnapshot | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { span } of syncSpans(syncId)) {
    const read = { ...boundsOf(span), snapshot };
    for await (const _ of readPages(engine, read, () => throwIfAborted(signal))) {
      throw new AccessError('SSTITCH_SYNC_EXISTS', `sync ${syncId} already exists`);
    }
  }
}

/** Replaces a sync in one commit. */
async function replaceSync<Tables>(
  engine: TableEngine<Tables>,
  { writer, expansion, signal }: SyncWriting,
  as: string,
): Promise<void> {
  const loader = new RecordLoader<Tables>((given) => engine.tableLoader(given), {
    signal,
    onProgress: ({ entries, ofEntries }) => expansion.committing(entries, ofEntries),
  });
  const sink = new StoreSink(loader, engine, { ifUnchanged: writer.basis });
  try {
    for await (const batch of expandedBatches(engine, expansion, signal)) {
      await sink.add(batch.withSyncId(as));
    }
    expansion.committing();
    await sink.finish();
  } catch (error) {
    throw isRepeated(error) ? idTaken(error.message, { cause: error }) : error;
  } finally {
    await sink.close();
  }
}

/** Reports whether two grants of a load have one id. Stored grants have distinct ids, so one of the two is derived. */
function isRepeated(error: unknown): error is RecordsError {
  return error instanceof RecordsError && error.code === 'SSTITCH_RECORD_REPEATED';
}

function idTaken(what: string, details: AccessErrorDetails): AccessError {
  return new AccessError(
    'SSTITCH_GRANT_ID_TAKEN',
    `a derived grant would get the id of another grant (${what}): give the other grant a different id`,
    details,
  );
}

/** An expansion, and how it is written. */
interface SyncWriting {
  readonly engine: ReadWriteEngine;
  readonly writer: ExclusiveWriter;
  readonly expansion: SyncExpansion;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes the changes in batches.
 *
 * @param onlyOnce whether to write nothing if the changes do not fit one batch
 * @returns whether the changes were written
 */
async function writeInPlace(
  { engine, writer, expansion, signal }: SyncWriting,
  { onlyOnce }: { readonly onlyOnce: boolean },
): Promise<boolean> {
  const { syncId, snapshot } = expansion;
  const options = { sync: true, ...(signal && { signal }) };
  let pending = new PendingBatch(engine, syncId, writer.basis);
  let isFound = false;
  for await (const { created, updated } of expansion.grants(signal, 'changes')) {
    isFound = true;
    pending.add(created, updated);
    if (!pending.isFull) continue;
    if (onlyOnce) return false;
    await writer.putMany(syncId, await pending.records(), options);
    pending = new PendingBatch(engine, syncId, writer.basis);
  }
  const run = await new SyncReader(engine).getSyncRun(syncId, { snapshot });
  if (run === undefined && !isFound) await checkExists(engine, syncId, snapshot);
  const records: SyncRecord[] = await pending.records();
  if (run !== undefined && expandedRun(run) !== run) records.push(expandedRun(run));
  await writer.putMany(syncId, records, options);
  return true;
}

/** @throws AccessError SSTITCH_SYNC_NOT_FOUND if the engine holds no record of the sync */
async function checkExists(
  engine: ReadWriteEngine,
  syncId: string,
  snapshot: EngineSnapshot,
): Promise<void> {
  for (const bucket of VALUE_BUCKETS) {
    const options = { snapshot, signal: undefined };
    for await (const _ of bucketValues(engine, syncId, bucket, options)) return;
  }
  throw syncNotFound(syncId);
}

/** Changed grants that are written together. */
class PendingBatch {
  readonly #engine: ReadWriteEngine;
  readonly #syncId: string;
  readonly #basis: EngineSnapshot | undefined;
  readonly #created: GrantRecord[] = [];
  readonly #updated: GrantRecord[] = [];
  #bytes = 0;

  constructor(engine: ReadWriteEngine, syncId: string, basis: EngineSnapshot | undefined) {
    this.#engine = engine;
    this.#syncId = syncId;
    this.#basis = basis;
  }

  get isFull(): boolean {
    const grants = this.#created.length + this.#updated.length;
    return grants > MAX_BATCH_GRANTS || this.#bytes > MAX_BATCH_BYTES;
  }

  add(created: readonly GrantRecord[], updated: readonly GrantRecord[]): void {
    for (const { key, value } of recordEntries(this.#syncId, [...created, ...updated])) {
      this.#bytes += key.length + value.length;
    }
    this.#created.push(...created);
    this.#updated.push(...updated);
  }

  /** @throws AccessError SSTITCH_GRANT_ID_TAKEN; SSTITCH_COMMIT_CONFLICT */
  async records(): Promise<GrantRecord[]> {
    const ids = this.#created.map(({ externalId }) => externalId);
    const syncId = parseSyncId(this.#syncId);
    const keys = ids.map((id) => grantKey(syncId, id));
    const before = await this.#engine.getMany(keys, byteEncodings);
    const seen = new Set<string>();
    const taken = ids.find((id, at) => before[at] !== undefined || seen.size === seen.add(id).size);
    if (taken === undefined) return [...this.#created, ...this.#updated];
    if (this.#basis !== undefined) {
      // A write that changes nothing: a conflict if another process has put the grant since the expansion began.
      const same = keys.flatMap((key, at): BytePut[] => {
        const value = before[at];
        return value === undefined ? [] : [{ type: 'put', key, value }];
      });
      await this.#engine.batch(same, { ...byteEncodings, ifUnchanged: this.#basis });
    }
    throw idTaken(JSON.stringify(taken), { grantId: taken });
  }
}
