// The life of a sync: started, filled, ended. Ending it writes its end and its statistics in one batch.
import { create } from '@bufbuild/protobuf';
import { timestampFromDate, timestampMs } from '@bufbuild/protobuf/wkt';
import { type ByteOperation, byteEncodings, type ReadWriteEngine } from '@sstitch/contract';
import {
  createSyncId,
  formatSyncId,
  parseSyncId,
  type SyncIdBytes,
  syncRunKey,
  syncStatsKey,
} from '@sstitch/keys';
import { countSync } from './count-sync.js';
import { decodeRecord } from './encode.js';
import { RecordsError, throwIfAborted } from './errors.js';
import {
  type SyncRunRecord,
  SyncRunRecordSchema,
  type SyncStatsRecord,
  SyncType,
} from './gen/c1/storage/v3/records_pb.js';
import { encodeForSync } from './record-entries.js';
import type { SyncRecord } from './record-types.js';
import { measuresOf, type RunMeasures } from './run-measures.js';
import { latestUnfinishedSync } from './sync-history.js';
import { withWriteLock } from './write-lock.js';

/** What a sync may be started with. */
export interface StartSyncOptions {
  /** @defaultValue a fresh KSUID of the time */
  readonly syncId?: string;
  /** @defaultValue SyncType.FULL */
  readonly type?: SyncType;
  /** The sync that this one builds on. @defaultValue '' */
  readonly parentSyncId?: string;
  /** @defaultValue '' */
  readonly syncToken?: string;
  /** @defaultValue false */
  readonly supportsDiff?: boolean;
  /** A sync that belongs to this one. @defaultValue '' */
  readonly linkedSyncId?: string;
  /** The sync is the result of a compaction, not of a run of a connector. @defaultValue false */
  readonly compacted?: boolean;
}

/** Which unfinished sync to go on with. */
export interface ResumeSyncOptions {
  /** This one. @defaultValue the one that started last */
  readonly syncId?: string;
  /** Syncs of this type. @defaultValue any type */
  readonly type?: SyncType;
  /** Syncs that started at most so long ago; not asked of a sync that is named. @defaultValue one week */
  readonly maxAgeMs?: number;
}

/** Options of ending a sync. */
export interface EndSyncOptions {
  /** What the run measured. @defaultValue what statistics put before the end say */
  readonly measures?: RunMeasures;
  /** Which rules of ingestion the sync was checked against. @defaultValue what its run says */
  readonly ingestInvariants?: {
    readonly generation: string;
    readonly coverage: readonly string[];
    readonly mode: string;
  };
  /** Stops the counting; the sync is then not ended. */
  readonly signal?: AbortSignal;
}

/** Options of counting a sync anew. */
export interface RecountOptions {
  /** Stops the counting; the statistics then stay as they are. */
  readonly signal?: AbortSignal;
}

/** How long an unfinished sync can be gone on with: as long as baton-sdk serves one. */
const DEFAULT_MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/** A sync that has ended. */
export interface EndedSync {
  readonly run: SyncRunRecord;
  readonly stats: SyncStatsRecord;
}

/** @throws {@link RecordsError} SSTITCH_SYNC_EXISTS where the id was started before. */
export function startSync(
  engine: ReadWriteEngine,
  now: Date,
  options: StartSyncOptions,
): Promise<SyncRunRecord> {
  const bytes = options.syncId === undefined ? freshSyncId(now) : parseSyncId(options.syncId);
  const syncId = formatSyncId(bytes);
  const run = create(SyncRunRecordSchema, {
    syncId,
    type: options.type ?? SyncType.FULL,
    parentSyncId: options.parentSyncId ?? '',
    startedAt: timestampFromDate(now),
    syncToken: options.syncToken ?? '',
    supportsDiff: options.supportsDiff ?? false,
    linkedSyncId: options.linkedSyncId ?? '',
    compacted: options.compacted ?? false,
  });
  return withWriteLock(engine, async () => {
    if ((await engine.get(syncRunKey(bytes), byteEncodings)) !== undefined) {
      throw new RecordsError('SSTITCH_SYNC_EXISTS', `sync ${syncId} was started before`);
    }
    await write(engine, syncId, [run]);
    return run;
  });
}

/**
 * The unfinished sync to go on with; undefined where there is none.
 *
 * @throws {@link RecordsError} of a sync that is named: SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_ENDED.
 */
export async function resumeSync(
  engine: ReadWriteEngine,
  now: Date,
  { syncId, type, maxAgeMs = DEFAULT_MAX_AGE_MS }: ResumeSyncOptions,
): Promise<SyncRunRecord | undefined> {
  if (!(maxAgeMs >= 0)) {
    throw new RecordsError('SSTITCH_OPTION_INVALID', 'maxAgeMs must be a number from 0 on');
  }
  if (syncId !== undefined) return withWriteLock(engine, () => unfinishedRun(engine, syncId));
  const run = await latestUnfinishedSync(engine, type === undefined ? {} : { type });
  if (run?.startedAt === undefined) return undefined;
  return now.getTime() - timestampMs(run.startedAt) > maxAgeMs ? undefined : run;
}

/**
 * Writes how far an unfinished sync has come, durably.
 *
 * @throws {@link RecordsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_ENDED.
 */
export function saveSyncToken(
  engine: ReadWriteEngine,
  syncId: string,
  syncToken: string,
): Promise<SyncRunRecord> {
  return withWriteLock(engine, async () => {
    const run = { ...(await unfinishedRun(engine, syncId)), syncToken };
    await write(engine, syncId, [run]);
    return run;
  });
}

/**
 * Counts the sync, then writes the end of its run and its statistics. Puts wait meanwhile, so that the
 * statistics are those of the records.
 *
 * @throws {@link RecordsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_ENDED, SSTITCH_ABORTED.
 */
export function endSync(
  engine: ReadWriteEngine,
  syncId: string,
  now: () => Date,
  { measures, ingestInvariants, signal }: EndSyncOptions,
): Promise<EndedSync> {
  return withWriteLock(engine, async () => {
    const run = await unfinishedRun(engine, syncId);
    const counted = await countAnew(engine, syncId, signal);
    const at = timestampFromDate(now());
    const stats: SyncStatsRecord = { ...counted, ...measures, writtenAt: at };
    const ended: SyncRunRecord = {
      ...run,
      endedAt: at,
      ...(ingestInvariants && {
        ingestInvariantGeneration: ingestInvariants.generation,
        ingestInvariantCoverage: [...ingestInvariants.coverage],
        ingestInvariantMode: ingestInvariants.mode,
      }),
    };
    await write(engine, syncId, [ended, stats]);
    return { run: ended, stats };
  });
}

/**
 * Counts the sync and writes its statistics, durably. What they hold besides counts stays.
 *
 * @throws {@link RecordsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_ABORTED.
 */
export function recountSync(
  engine: ReadWriteEngine,
  syncId: string,
  now: () => Date,
  { signal }: RecountOptions,
): Promise<SyncStatsRecord> {
  return withWriteLock(engine, async () => {
    await runOf(engine, syncId);
    const counted = await countAnew(engine, syncId, signal);
    const stats = { ...counted, writtenAt: timestampFromDate(now()) };
    await write(engine, syncId, [stats]);
    return stats;
  });
}

async function countAnew(
  engine: ReadWriteEngine,
  syncId: string,
  signal: AbortSignal | undefined,
): Promise<SyncStatsRecord> {
  const counted = await countSync(engine, syncId, signal === undefined ? {} : { signal });
  throwIfAborted(signal);
  const key = syncStatsKey(parseSyncId(syncId));
  const value = await engine.get(key, byteEncodings);
  return value === undefined
    ? counted
    : { ...counted, ...measuresOf(decodeRecord('sync_stats', key, value)) };
}

async function runOf(engine: ReadWriteEngine, syncId: string): Promise<SyncRunRecord> {
  const key = syncRunKey(parseSyncId(syncId));
  const value = await engine.get(key, byteEncodings);
  if (value !== undefined) return decodeRecord('sync_run', key, value);
  throw new RecordsError('SSTITCH_SYNC_NOT_FOUND', `no sync ${syncId} was started`);
}

async function unfinishedRun(engine: ReadWriteEngine, syncId: string): Promise<SyncRunRecord> {
  const run = await runOf(engine, syncId);
  if (run.endedAt !== undefined) {
    throw new RecordsError('SSTITCH_SYNC_ENDED', `sync ${syncId} has ended already`);
  }
  return run;
}

/** One durable batch. None of these records has indexes. */
async function write(
  engine: ReadWriteEngine,
  syncId: string,
  records: readonly SyncRecord[],
): Promise<void> {
  const bytes = parseSyncId(syncId);
  const operations = records.map((record): ByteOperation => {
    const { key, value } = encodeForSync(bytes, syncId, record);
    return { type: 'put', key, value };
  });
  await engine.batch(operations, { ...byteEncodings, sync: true });
}

function freshSyncId(now: Date): SyncIdBytes {
  return createSyncId(now, crypto.getRandomValues(new Uint8Array(16)));
}
