import type { ReadWriteEngine } from '@sstitch/contract';
import { buildKey, parseSyncId } from '@sstitch/keys';
import type { SyncRunRecord, SyncStatsRecord } from './gen/c1/storage/v3/records_pb.js';
import type { DiscoveredRecord } from './newer-record.js';
import type { SyncRecord, ValueBucket } from './record-types.js';
import { type ResourceName, SyncReader } from './sync-reader.js';
import {
  type EndedSync,
  type EndSyncOptions,
  endSync,
  type RecountOptions,
  type ResumeSyncOptions,
  recountSync,
  resumeSync,
  type StartSyncOptions,
  saveSyncToken,
  startSync,
} from './sync-runs.js';
import {
  deleteRecord,
  putRecord,
  putRecordIfNewer,
  putRecords,
  putRecordsIfNewer,
  type WriteOptions,
} from './write-records.js';

/** Options of a {@link SyncStore}. */
export interface SyncStoreOptions {
  /** The clock, for started_at and ended_at. @defaultValue the wall clock */
  readonly now?: () => Date;
}

/**
 * Typed reads and writes of the syncs in an engine, with upkeep: after each write a sync holds exactly the
 * index entries of its records, and its statistics, where it has any, count them.
 *
 * Writes of all stores over one engine object take turns. While a sync's ranges are being replaced in the
 * engine, nobody should put into that sync.
 */
export class SyncStore extends SyncReader {
  readonly #engine: ReadWriteEngine;
  readonly #now: () => Date;

  constructor(engine: ReadWriteEngine, options: SyncStoreOptions = {}) {
    super(engine);
    this.#engine = engine;
    this.#now = options.now ?? (() => new Date());
  }

  /**
   * Puts a record of any type, in place of the one with its id.
   *
   * @throws {@link RecordsError} SSTITCH_RECORD_SYNC_MISMATCH, SSTITCH_RECORD_INVALID, or
   * SSTITCH_RECORD_UNDECODABLE where the record in its place is corrupt; KeysError on an id with a lone
   * surrogate. Nothing is then written.
   */
  async put(syncId: string, record: SyncRecord, options: WriteOptions = {}): Promise<void> {
    return putRecord(this.#engine, syncId, record, options);
  }

  /**
   * Puts records of any types. They go out in batches of bounded size, each atomic; of records with the
   * same id the last one stays. Where one is refused, the batches before it stay.
   *
   * @returns how many records were taken.
   * @throws as {@link put}, and SSTITCH_ABORTED.
   */
  putMany(
    syncId: string,
    records: Iterable<SyncRecord> | AsyncIterable<SyncRecord>,
    options: WriteOptions = {},
  ): Promise<number> {
    return putRecords(this.#engine, syncId, records, options);
  }

  /**
   * Puts a record unless the one in its place was discovered at the same time or later, by discovered_at; a
   * record without a time is older than any with one.
   *
   * @returns whether it was put.
   * @throws as {@link put}.
   */
  async putIfNewer(
    syncId: string,
    record: DiscoveredRecord,
    options: WriteOptions = {},
  ): Promise<boolean> {
    return putRecordIfNewer(this.#engine, syncId, record, options);
  }

  /**
   * Puts those records that are newer than what is in their place, in batches as {@link putMany}; of records
   * with the same id the newest.
   *
   * @returns how many were put.
   * @throws as {@link putMany}.
   */
  putManyIfNewer(
    syncId: string,
    records: Iterable<DiscoveredRecord> | AsyncIterable<DiscoveredRecord>,
    options: WriteOptions = {},
  ): Promise<number> {
    return putRecordsIfNewer(this.#engine, syncId, records, options);
  }

  /** @returns whether there was one, as do all the deletes. */
  deleteResourceType(syncId: string, externalId: string, options?: WriteOptions): Promise<boolean> {
    return this.#delete('resource_type', syncId, [externalId], options);
  }

  deleteResource(
    syncId: string,
    { resourceTypeId, resourceId }: ResourceName,
    options?: WriteOptions,
  ): Promise<boolean> {
    return this.#delete('resource', syncId, [resourceTypeId, resourceId], options);
  }

  deleteEntitlement(syncId: string, externalId: string, options?: WriteOptions): Promise<boolean> {
    return this.#delete('entitlement', syncId, [externalId], options);
  }

  deleteGrant(syncId: string, externalId: string, options?: WriteOptions): Promise<boolean> {
    return this.#delete('grant', syncId, [externalId], options);
  }

  deleteAsset(syncId: string, externalId: string, options?: WriteOptions): Promise<boolean> {
    return this.#delete('asset', syncId, [externalId], options);
  }

  /** Deletes the run alone; the sync's records stay. */
  deleteSyncRun(syncId: string, options?: WriteOptions): Promise<boolean> {
    return this.#delete('sync_run', syncId, [], options);
  }

  /**
   * Starts a sync: its run is written, durably.
   *
   * @throws {@link RecordsError} SSTITCH_SYNC_EXISTS where the id was started before.
   */
  async startSync(options: StartSyncOptions = {}): Promise<SyncRunRecord> {
    return startSync(this.#engine, this.#now(), options);
  }

  /**
   * The unfinished sync to go on with: the one named, or the one that started last.
   *
   * @returns its run, whose sync_token says how far it came; undefined where there is none.
   * @throws {@link RecordsError} of a sync that is named: SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_ENDED.
   */
  async resumeSync(options: ResumeSyncOptions = {}): Promise<SyncRunRecord | undefined> {
    return resumeSync(this.#engine, this.#now(), options);
  }

  /**
   * Writes how far an unfinished sync has come, durably, as what `resumeSync` gives.
   *
   * @throws {@link RecordsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_ENDED.
   */
  saveSyncToken(syncId: string, syncToken: string): Promise<SyncRunRecord> {
    return saveSyncToken(this.#engine, syncId, syncToken);
  }

  /**
   * Ends a sync: counts it, then writes the end of its run and its statistics in one durable batch.
   *
   * @throws {@link RecordsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_ENDED, SSTITCH_ABORTED.
   */
  async endSync(syncId: string, options: EndSyncOptions = {}): Promise<EndedSync> {
    return endSync(this.#engine, syncId, this.#now, options);
  }

  /**
   * Counts a sync and writes its statistics, durably: for a sync that was written to by others than stores.
   *
   * @throws {@link RecordsError} SSTITCH_SYNC_NOT_FOUND, SSTITCH_ABORTED.
   */
  async recountSync(syncId: string, options: RecountOptions = {}): Promise<SyncStatsRecord> {
    return recountSync(this.#engine, syncId, this.#now, options);
  }

  async #delete(
    bucket: ValueBucket,
    syncId: string,
    ids: readonly string[],
    options: WriteOptions = {},
  ): Promise<boolean> {
    const key = buildKey(bucket, parseSyncId(syncId), ids);
    return deleteRecord(this.#engine, syncId, bucket, key, options);
  }
}
