// Starts, resumes, ends and recounts syncs. Ending a sync writes its end and its statistics in one batch.
import { create } from '@bufbuild/protobuf';
import { timestampFromDate, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type ByteOperation,
  byteEncodings,
  type EngineSnapshot,
  type ReadWriteEngine,
  type Span,
} from '@sstitch/contract';
import {
  createSyncId,
  formatSyncId,
  parseSyncId,
  type SyncIdBytes,
  syncRunKey,
  syncSpans,
  syncStatsKey,
} from '@sstitch/keys';
import { decodeRecord } from '../encoding/encode.js';
import { RecordsError, throwIfAborted } from '../errors.js';
import {
  type SyncRunRecord,
  SyncRunRecordSchema,
  type SyncStatsRecord,
  SyncType,
} from '../gen/c1/storage/v3/records_pb.js';
import { encodeForSync } from '../indexes/record-entries.js';
import { countSync } from '../read/count-sync.js';
import { latestUnfinishedSync } from '../read/sync-history.js';
import type { SyncRecord } from '../record-types.js';
import { measuresOf, type RunMeasures } from '../statistics/run-measures.js';
import { spansOfKeys, writeIfUnchanged } from './write-if-unchanged.js';
import { withWriteLock } from './write-lock.js';

/** Options of starting a sync. */
export interface StartSyncOptions {
  /** The id of the sync. @defaultValue a new KSUID of the current time */
  readonly syncId?: string;
  /** The type of the sync. @defaultValue SyncType.FULL */
  readonly type?: SyncType;
  /** The id of the sync that this one is based on. @defaultValue '' */
  readonly parentSyncId?: string;
  /** The token by which a connector resumes. @defaultValue '' */
  readonly syncToken?: string;
  /** The run's supports_diff. @defaultValue false */
  readonly supportsDiff?: boolean;
  /** The id of a sync that belongs to this one. @defaultValue '' */
  readonly linkedSyncId?: string;
  /** Whether the sync is the result of a compaction, not of a run of a connector. @defaultValue false */
  readonly compacted?: boolean;
}

/** Selects the unfinished sync to resume. */
export interface ResumeSyncOptions {
  /** The id of the sync. @defaultValue the unfinished sync that started last */
  readonly syncId?: string;
  /** Only a sync of this type, also if it is named. @defaultValue any type */
  readonly type?: SyncType;
  /** Only syncs that started at most this long ago; not checked for a named sync. @defaultValue one week */
  readonly maxAgeMs?: number;
}

/** Options of ending a sync. */
export interface EndSyncOptions {
  /** Measurements of the run. @defaultValue those of statistics that were put before the end */
  readonly measures?: RunMeasures;
  /** The rules of ingestion against which the sync was checked. @defaultValue those of its run */
  readonly ingestInvariants?: {
    readonly generation: string;
    readonly coverage: readonly string[];
    readonly mode: string;
  };
  /** Aborts the count; the sync has then not ended. */
  readonly signal?: AbortSignal;
}

/** Options of recounting a sync. */
export interface RecountOptions {
  /** Aborts the count; the statistics are then unchanged. */
  readonly signal?: AbortSignal;
}

/** How long an unfinished sync can be resumed; the same as in baton-sdk. */
const DEFAULT_MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/** A sync that has ended. */
export interface EndedSync {
  /** The run, which has ended. */
  readonly run: SyncRunRecord;
  /** The statistics, counted from the records. */
  readonly stats: SyncStatsRecord;
}

/** @throws {@link RecordsError} SSTITCH_SYNC_EXISTS if the id has already been started. */
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
  return writeIfUnchanged(engine, spansOfKeys([syncRunKey(bytes)]), undefined, async (basis) => {
    const read = { ...byteEncodings, snapshot: basis };
    if ((await engine.get(syncRunKey(bytes), read)) !== undefined) {
      throw new RecordsError('SSTITCH_SYNC_EXISTS', `sync ${syncId} has already been started`);
    }
    await write(engine, syncId, [run], basis);
    return run;
  });
}

/**
 * Returns the unfinished sync to resume; undefined if there is none.
 *
 * @throws {@link RecordsError} for a named sync: SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_ENDED.
 */
export async function resumeSync(
  engine: ReadWriteEngine,
  now: Date,
  { syncId, type, maxAgeMs = DEFAULT_MAX_AGE_MS }: ResumeSyncOptions,
): Promise<SyncRunRecord | undefined> {
  if (!(maxAgeMs >= 0)) {
    throw new RecordsError('SSTITCH_OPTION_INVALID', 'maxAgeMs must be a number of at least 0');
  }
  if (syncId !== undefined) {
    const run = await withWriteLock(engine, () => unfinishedRun(engine, syncId, undefined));
    if (type === undefined || run.type === type) return run;
    const message = `sync ${syncId} is of type ${SyncType[run.type]}, not ${SyncType[type]}`;
    throw new RecordsError('SSTITCH_SYNC_NOT_FOUND', message);
  }
  const run = await latestUnfinishedSync(engine, type === undefined ? {} : { type });
  if (run?.startedAt === undefined) return undefined;
  return now.getTime() - timestampMs(run.startedAt) > maxAgeMs ? undefined : run;
}

/**
 * Durably writes the sync_token of an unfinished sync, which records its progress.
 *
 * @throws {@link RecordsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_ENDED.
 */
export async function saveSyncToken(
  engine: ReadWriteEngine,
  syncId: string,
  syncToken: string,
): Promise<SyncRunRecord> {
  const spans = spansOfKeys([syncRunKey(parseSyncId(syncId))]);
  return writeIfUnchanged(engine, spans, undefined, async (basis) => {
    const run = { ...(await unfinishedRun(engine, syncId, basis)), syncToken };
    await write(engine, syncId, [run], basis);
    return run;
  });
}

/**
 * Counts the sync, then writes the end of its run and its statistics. Puts wait meanwhile, so that the
 * statistics match the records.
 *
 * @throws {@link RecordsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_ENDED, SSTITCH_ABORTED.
 */
export async function endSync(
  engine: ReadWriteEngine,
  syncId: string,
  now: () => Date,
  { measures, ingestInvariants, signal }: EndSyncOptions,
): Promise<EndedSync> {
  return writeIfUnchanged(engine, spansOf(syncId), signal, async (basis) => {
    const run = await unfinishedRun(engine, syncId, basis);
    const counted = await countAnew(engine, syncId, basis, signal);
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
    await write(engine, syncId, [ended, stats], basis);
    return { run: ended, stats };
  });
}

/**
 * Counts the sync and durably writes its statistics. Keeps their fields other than counts.
 *
 * @throws {@link RecordsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_ABORTED.
 */
export async function recountSync(
  engine: ReadWriteEngine,
  syncId: string,
  now: () => Date,
  { signal }: RecountOptions,
): Promise<SyncStatsRecord> {
  return writeIfUnchanged(engine, spansOf(syncId), signal, async (basis) => {
    await runOf(engine, syncId, basis);
    const counted = await countAnew(engine, syncId, basis, signal);
    const stats = { ...counted, writtenAt: timestampFromDate(now()) };
    await write(engine, syncId, [stats], basis);
    return stats;
  });
}

async function countAnew(
  engine: ReadWriteEngine,
  syncId: string,
  snapshot: EngineSnapshot | undefined,
  signal: AbortSignal | undefined,
): Promise<SyncStatsRecord> {
  const counted = await countSync(engine, syncId, {
    ...(snapshot && { snapshot }),
    ...(signal && { signal }),
  });
  throwIfAborted(signal);
  const key = syncStatsKey(parseSyncId(syncId));
  const value = await engine.get(key, { ...byteEncodings, snapshot });
  return value === undefined
    ? counted
    : { ...counted, ...measuresOf(decodeRecord('sync_stats', key, value)) };
}

async function runOf(
  engine: ReadWriteEngine,
  syncId: string,
  snapshot: EngineSnapshot | undefined,
): Promise<SyncRunRecord> {
  const key = syncRunKey(parseSyncId(syncId));
  const value = await engine.get(key, { ...byteEncodings, snapshot });
  if (value !== undefined) return decodeRecord('sync_run', key, value);
  throw new RecordsError('SSTITCH_SYNC_NOT_FOUND', `sync ${syncId} has not been started`);
}

async function unfinishedRun(
  engine: ReadWriteEngine,
  syncId: string,
  snapshot: EngineSnapshot | undefined,
): Promise<SyncRunRecord> {
  const run = await runOf(engine, syncId, snapshot);
  if (run.endedAt !== undefined) {
    throw new RecordsError('SSTITCH_SYNC_ENDED', `sync ${syncId} has already ended`);
  }
  return run;
}

/** Writes one durable batch of records without indexes. */
async function write(
  engine: ReadWriteEngine,
  syncId: string,
  records: readonly SyncRecord[],
  ifUnchanged: EngineSnapshot | undefined,
): Promise<void> {
  const bytes = parseSyncId(syncId);
  const operations = records.map((record): ByteOperation => {
    const { key, value } = encodeForSync(bytes, syncId, record);
    return { type: 'put', key, value };
  });
  await engine.batch(operations, { ...byteEncodings, sync: true, ifUnchanged });
}

function spansOf(syncId: string): Span[] {
  return syncSpans(syncId).map(({ span }) => span);
}

function freshSyncId(now: Date): SyncIdBytes {
  return createSyncId(now, crypto.getRandomValues(new Uint8Array(16)));
}
