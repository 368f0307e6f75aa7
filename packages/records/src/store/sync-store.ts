import type { ReadWriteEngine } from '@sstitch/contract';
import { buildKey, parseSyncId } from '@sstitch/keys';
import type { SyncRunRecord, SyncStatsRecord } from '../gen/c1/storage/v3/records_pb.js';
import { type ResourceName, SyncReader } from '../read/sync-reader.js';
import type { SyncRecord, ValueBucket } from '../record-types.js';
import type { DiscoveredRecord } from './newer-record.js';
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
  /** The clock for started_at and ended_at. @defaultValue the wall clock */
  readonly now?: () => Date;
}

/**
 * Typed reads and writes of the syncs in an engine. After each write a sync holds exactly the index entries of
 * its records, and its statistics, if it has any, count them.
 *
 * Writes of all stores on one engine object are serialised. If other processes write to the engine too
 * (`capabilities.conditions`), a write is repeated until nothing it has read was changed before its commit, up to 20 times.
 * Otherwise, do not put records into a sync while its spans are being replaced in the engine.
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
   * Puts a record of any type, replacing the record with the same id.
   *
   * @throws {@link RecordsError} SSTITCH_RECORD_SYNC_MISMATCH, SSTITCH_RECORD_INVALID, or
   * SSTITCH_RECORD_UNDECODABLE if the existing record is corrupt; KeysError on an id with a lone surrogate.
   * Nothing is then written.
   */
  async put(syncId: string, record: SyncRecord, options: WriteOptions = {}): Promise<void> {
    return putRecord(this.#engine, syncId, record, options);
  }

  /**
   * Puts records of any types, in atomic batches of bounded size. Of records with the same id, the last one
   * stays. If a record is refused, earlier batches stay.
   *
   * @returns the number of records read.
   * @throws the errors of {@link put}, and SSTITCH_ABORTED.
   */
  putMany(
    syncId: string,
    records: Iterable<SyncRecord> | AsyncIterable<SyncRecord>,
    options: WriteOptions = {},
  ): Promise<number> {
    return putRecords(this.#engine, syncId, records, options);
  }

  /**
   * Puts a record unless the existing one has the same or a later discovered_at. A record without a time is
   * older than any with one.
   *
   * @returns whether the record was put.
   * @throws the errors of {@link put}.
   */
  async putIfNewer(
    syncId: string,
    record: DiscoveredRecord,
    options: WriteOptions = {},
  ): Promise<boolean> {
    return putRecordIfNewer(this.#engine, syncId, record, options);
  }

  /**
   * Puts the records that are newer than the existing ones, in batches as {@link putMany} does. Of records with
   * the same id, the newest stays.
   *
   * @returns the number of records put.
   * @throws the errors of {@link putMany}.
   */
  putManyIfNewer(
    syncId: string,
    records: Iterable<DiscoveredRecord> | AsyncIterable<DiscoveredRecord>,
    options: WriteOptions = {},
  ): Promise<number> {
    return putRecordsIfNewer(this.#engine, syncId, records, options);
  }

  /** Deletes a record. @returns whether it existed, as do all deletes. */
  deleteResourceType(syncId: string, externalId: string, options?: WriteOptions): Promise<boolean> {
    return this.#delete('resource_type', syncId, [externalId], options);
  }

  /** Deletes a resource and its index entries; records that refer to it stay. @returns whether it existed */
  deleteResource(
    syncId: string,
    { resourceTypeId, resourceId }: ResourceName,
    options?: WriteOptions,
  ): Promise<boolean> {
    return this.#delete('resource', syncId, [resourceTypeId, resourceId], options);
  }

  /** Deletes an entitlement and its index entries; its grants stay. @returns whether it existed */
  deleteEntitlement(syncId: string, externalId: string, options?: WriteOptions): Promise<boolean> {
    return this.#delete('entitlement', syncId, [externalId], options);
  }

  /** Deletes a grant and its index entries. @returns whether it existed */
  deleteGrant(syncId: string, externalId: string, options?: WriteOptions): Promise<boolean> {
    return this.#delete('grant', syncId, [externalId], options);
  }

  /** Deletes an asset. @returns whether it existed */
  deleteAsset(syncId: string, externalId: string, options?: WriteOptions): Promise<boolean> {
    return this.#delete('asset', syncId, [externalId], options);
  }

  /** Deletes only the run; the sync's records stay. */
  deleteSyncRun(syncId: string, options?: WriteOptions): Promise<boolean> {
    return this.#delete('sync_run', syncId, [], options);
  }

  /**
   * Starts a sync: durably writes its run.
   *
   * @throws {@link RecordsError} SSTITCH_SYNC_EXISTS if the id has already been started.
   */
  async startSync(options: StartSyncOptions = {}): Promise<SyncRunRecord> {
    return startSync(this.#engine, this.#now(), options);
  }

  /**
   * Returns the unfinished sync to resume: the named one, or the one that started last.
   *
   * @returns its run, whose sync_token records its progress; undefined if there is none.
   * @throws {@link RecordsError} for a named sync: SSTITCH_SYNC_NOT_FOUND, SSTITCH_SYNC_ENDED.
   */
  async resumeSync(options: ResumeSyncOptions = {}): Promise<SyncRunRecord | undefined> {
    return resumeSync(this.#engine, this.#now(), options);
  }

  /**
   * Durably writes the sync_token of an unfinished sync, which `resumeSync` returns.
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
   * Counts a sync and durably writes its statistics, for a sync that was not written through a SyncStore.
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
