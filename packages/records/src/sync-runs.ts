// The life of a sync: started, filled, ended. Ending it writes its end and its statistics in one batch.

import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type ByteOperation, byteEncodings, type ReadWriteEngine } from '@sstitch/contract';
import {
  createSyncId,
  formatSyncId,
  parseSyncId,
  type SyncIdBytes,
  syncRunKey,
} from '@sstitch/keys';
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
import { countSync } from './stats.js';
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
}

/** Options of ending a sync. */
export interface EndSyncOptions {
  /** Stops the counting; the sync is then not ended. */
  readonly signal?: AbortSignal;
}

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
  });
  return withWriteLock(engine, async () => {
    if ((await engine.get(syncRunKey(bytes), byteEncodings)) !== undefined) {
      throw new RecordsError('SSTITCH_SYNC_EXISTS', `sync ${syncId} was started before`);
    }
    await write(engine, bytes, syncId, [run]);
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
  options: EndSyncOptions,
): Promise<EndedSync> {
  const bytes = parseSyncId(syncId);
  const key = syncRunKey(bytes);
  return withWriteLock(engine, async () => {
    const value = await engine.get(key, byteEncodings);
    if (value === undefined) {
      throw new RecordsError('SSTITCH_SYNC_NOT_FOUND', `no sync ${syncId} was started`);
    }
    const run = decodeRecord('sync_run', key, value);
    if (run.endedAt !== undefined) {
      throw new RecordsError('SSTITCH_SYNC_ENDED', `sync ${syncId} has ended already`);
    }
    const { signal } = options;
    const counted = await countSync(engine, syncId, signal === undefined ? {} : { signal });
    throwIfAborted(signal);
    const at = timestampFromDate(now());
    const stats: SyncStatsRecord = { ...counted, writtenAt: at };
    const ended: SyncRunRecord = { ...run, endedAt: at };
    await write(engine, bytes, syncId, [ended, stats]);
    return { run: ended, stats };
  });
}

/** One durable batch. None of these records has indexes. */
async function write(
  engine: ReadWriteEngine,
  bytes: SyncIdBytes,
  syncId: string,
  records: readonly SyncRecord[],
): Promise<void> {
  const operations = records.map((record): ByteOperation => {
    const { key, value } = encodeForSync(bytes, syncId, record);
    return { type: 'put', key, value };
  });
  await engine.batch(operations, { ...byteEncodings, sync: true });
}

function freshSyncId(now: Date): SyncIdBytes {
  return createSyncId(now, crypto.getRandomValues(new Uint8Array(16)));
}
