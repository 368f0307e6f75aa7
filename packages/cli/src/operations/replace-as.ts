// Replaces a sync of a base by a sync of a source that has another id. Every record is read, gets the base's id
// and is loaded in bulk, with its index entries and statistics. Tables cannot be linked, because each of their
// keys contains the id.
import type { LoadedTables } from '@sstitch/engine';
import { syncSpans, syncSpansInKeyOrder } from '@sstitch/keys';
import { type LoadedSync, RecordLoader, StoreSink, StoreSource } from '@sstitch/records';
import type { CommandContext } from '../command-line/command-context.js';
import { roundMs } from '../output/quantities.js';
import type { ByteReader, ByteStore, StoreCommit } from '../stores/byte-store.js';
import type { BucketLine, CompactionDocument } from './compaction-document.js';
import { showCommit } from './show-commit.js';
import { totalRecords } from './sync-counts.js';

/** The sync to replace and its replacement. */
export interface Replacement {
  readonly base: ByteStore;
  readonly source: ByteReader;
  /** The sync's id in the source. */
  readonly syncId: string;
  /** Its id in the base. */
  readonly as: string;
  /** Leave no byte of the replaced sync in any file of the base. */
  readonly purge: boolean;
}

/** The outcome of a replacement. */
export interface ReplacedSync {
  readonly loaded: LoadedSync;
  readonly report: StoreCommit;
}

/**
 * Replaces the sync in one commit.
 *
 * @throws RecordsError SSTITCH_SYNC_NOT_FOUND; EngineError. The base is then as it was.
 */
export async function replaceAs(
  { progress, signal }: Pick<CommandContext, 'progress' | 'signal'>,
  { base, source, syncId, as, purge }: Replacement,
): Promise<ReplacedSync> {
  const loader = new RecordLoader((options) => base.tableLoader(options), {
    signal,
    onProgress: showCommit(progress),
  });
  let report: StoreCommit | undefined;
  const sink = new StoreSink<LoadedTables>(loader, {
    ingestAndExcise: async (tables, options) => {
      progress.update({ doing: 'committing' });
      report = await base.ingestAndExcise(tables, { ...options, purge });
    },
  });
  try {
    const total = await totalRecords([{ engine: source, syncId }]);
    let records = 0;
    for await (const batch of new StoreSource(source).batches({ syncIds: [syncId], signal })) {
      await sink.add(batch.withSyncId(as));
      records += batch.length;
      progress.update({ doing: 'copying', done: records, total, unit: 'records' });
    }
    const [loaded] = await sink.finish();
    if (loaded === undefined || report === undefined) throw new Error('nothing was committed');
    return { loaded, report };
  } finally {
    await sink.close();
  }
}

/** Converts the result to the document of --json. */
export function replacementDocument(
  { loaded: { syncId }, report }: ReplacedSync,
  durationMs: number,
): CompactionDocument {
  // The order in which the tables were ingested.
  const inKeyOrder = syncSpansInKeyOrder(syncId);
  return {
    syncs: [syncId],
    strategy: 'load',
    generation: report.generation ?? null,
    buckets: syncSpans(syncId).map(({ bucket }): BucketLine => {
      const at = inKeyOrder.findIndex((span) => span.bucket === bucket);
      const built = report.spans[at]?.built ?? { tables: 0, bytes: 0 };
      return {
        ...{ syncId, bucket, tables: built.tables, builtBytes: built.bytes },
        ...{ linkedBytes: 0, copiedBytes: 0, splitBytes: 0, sharedBytes: 0, puts: 0, deletes: 0 },
      };
    }),
    durationMs: roundMs(durationMs),
    pauseMs: roundMs(report.pauseMs),
  };
}
