import { byteEncodings, type EngineSnapshot, type ReadableEngine } from '@sstitch/contract';
import { bucketSpan, buildKey, parseSyncId } from '@sstitch/keys';
import { decodeRecord } from '../encoding/encode.js';
import type {
  AssetRecord,
  EntitlementRecord,
  GrantRecord,
  ResourceRecord,
  ResourceTypeRecord,
  SyncRunRecord,
  SyncStatsRecord,
} from '../gen/c1/storage/v3/records_pb.js';
import type { IndexBucket } from '../indexes/indexes.js';
import type { CountedBucket, RecordByBucket, ValueBucket } from '../record-types.js';
import { isCounted } from '../statistics/sync-counter.js';
import { listByIndex, listRecords, listSyncRuns } from './list-records.js';
import type { ListOptions, RecordList } from './record-list.js';
import { countEntries, onSnapshot } from './scan.js';
import {
  latestFinishedSync,
  latestUnfinishedSync,
  listNewestSyncRuns,
  type SyncHistoryOptions,
  type SyncQuery,
} from './sync-history.js';

/** Options of a read of one record. */
export interface GetOptions {
  /** Read this state of the engine. @defaultValue the current state */
  readonly snapshot?: EngineSnapshot;
}

/** Options of a count. */
export interface CountBucketOptions extends GetOptions {
  /** Aborts the count between two reads of the engine. */
  readonly signal?: AbortSignal;
}

/** The name of a resource or a principal. */
export interface ResourceName {
  /** The id of the resource type. */
  readonly resourceTypeId: string;
  /** The id, unique among the resources of its type. */
  readonly resourceId: string;
}

/**
 * Typed reads of the syncs in an engine, which may be read-only.
 *
 * Every method takes a sync id in text form and throws KeysError SSTITCH_SYNC_ID_INVALID if it is not one.
 * Reads throw {@link RecordsError} SSTITCH_RECORD_UNDECODABLE on a corrupt value; lists by an index throw
 * SSTITCH_INDEX_STRAY if an entry lists a missing record, and every list throws SSTITCH_ABORTED once its signal
 * has fired.
 */
export class SyncReader {
  readonly #engine: ReadableEngine;

  constructor(engine: ReadableEngine) {
    this.#engine = engine;
  }

  /** Reads a resource type by its external_id; undefined if the sync has none. */
  getResourceType(
    syncId: string,
    externalId: string,
    options?: GetOptions,
  ): Promise<ResourceTypeRecord | undefined> {
    return this.#get('resource_type', syncId, [externalId], options);
  }

  /** Reads a resource by its type and id; undefined if the sync has none. */
  getResource(
    syncId: string,
    { resourceTypeId, resourceId }: ResourceName,
    options?: GetOptions,
  ): Promise<ResourceRecord | undefined> {
    return this.#get('resource', syncId, [resourceTypeId, resourceId], options);
  }

  /** Reads an entitlement by its external_id; undefined if the sync has none. */
  getEntitlement(
    syncId: string,
    externalId: string,
    options?: GetOptions,
  ): Promise<EntitlementRecord | undefined> {
    return this.#get('entitlement', syncId, [externalId], options);
  }

  /** Reads a grant by its external_id; undefined if the sync has none. */
  getGrant(
    syncId: string,
    externalId: string,
    options?: GetOptions,
  ): Promise<GrantRecord | undefined> {
    return this.#get('grant', syncId, [externalId], options);
  }

  /** Reads an asset by its external_id; undefined if the sync has none. */
  getAsset(
    syncId: string,
    externalId: string,
    options?: GetOptions,
  ): Promise<AssetRecord | undefined> {
    return this.#get('asset', syncId, [externalId], options);
  }

  /** Reads the run of the sync; undefined if the engine holds no such sync. */
  getSyncRun(syncId: string, options?: GetOptions): Promise<SyncRunRecord | undefined> {
    return this.#get('sync_run', syncId, [], options);
  }

  /** Returns the statistics of the sync, which are written when it ends. */
  getSyncStats(syncId: string, options?: GetOptions): Promise<SyncStatsRecord | undefined> {
    return this.#get('sync_stats', syncId, [], options);
  }

  /** Lists the resource types by external_id. */
  listResourceTypes(
    syncId: string,
    options: ListOptions<ResourceTypeRecord> = {},
  ): RecordList<ResourceTypeRecord> {
    return listRecords(this.#engine, 'resource_type', parseSyncId(syncId), [], options);
  }

  /** Lists the resources, or those of one type, by type and id. */
  listResources(
    syncId: string,
    options: ListOptions<ResourceRecord> & { readonly resourceTypeId?: string } = {},
  ): RecordList<ResourceRecord> {
    const first = options.resourceTypeId === undefined ? [] : [options.resourceTypeId];
    return listRecords(this.#engine, 'resource', parseSyncId(syncId), first, options);
  }

  /** Lists the children of a resource by type and id. */
  listResourcesByParent(
    syncId: string,
    parent: ResourceName,
    options: ListOptions<ResourceRecord> = {},
  ): RecordList<ResourceRecord> {
    const first = [parent.resourceTypeId, parent.resourceId];
    return listByIndex(this.#engine, 'resource_by_parent', parseSyncId(syncId), first, options);
  }

  /** Lists the entitlements by external_id. */
  listEntitlements(
    syncId: string,
    options: ListOptions<EntitlementRecord> = {},
  ): RecordList<EntitlementRecord> {
    return listRecords(this.#engine, 'entitlement', parseSyncId(syncId), [], options);
  }

  /** Lists the entitlements on a resource by external_id. */
  listEntitlementsByResource(
    syncId: string,
    resource: ResourceName,
    options: ListOptions<EntitlementRecord> = {},
  ): RecordList<EntitlementRecord> {
    const first = [resource.resourceTypeId, resource.resourceId];
    return listByIndex(
      this.#engine,
      'entitlement_by_resource',
      parseSyncId(syncId),
      first,
      options,
    );
  }

  /** Lists the grants by external_id. */
  listGrants(syncId: string, options: ListOptions<GrantRecord> = {}): RecordList<GrantRecord> {
    return listRecords(this.#engine, 'grant', parseSyncId(syncId), [], options);
  }

  /** Lists the grants of an entitlement, or those to one principal, by principal. */
  listGrantsByEntitlement(
    syncId: string,
    entitlementId: string,
    options: ListOptions<GrantRecord> & { readonly principal?: ResourceName } = {},
  ): RecordList<GrantRecord> {
    const { principal } = options;
    const first =
      principal === undefined
        ? [entitlementId]
        : [entitlementId, principal.resourceTypeId, principal.resourceId];
    return listByIndex(this.#engine, 'grant_by_entitlement', parseSyncId(syncId), first, options);
  }

  /** Lists the grants to a principal by external_id. */
  listGrantsByPrincipal(
    syncId: string,
    principal: ResourceName,
    options: ListOptions<GrantRecord> = {},
  ): RecordList<GrantRecord> {
    const first = [principal.resourceTypeId, principal.resourceId];
    return listByIndex(this.#engine, 'grant_by_principal', parseSyncId(syncId), first, options);
  }

  /** Lists the grants to principals of one resource type by external_id. */
  listGrantsByPrincipalResourceType(
    syncId: string,
    resourceTypeId: string,
    options: ListOptions<GrantRecord> = {},
  ): RecordList<GrantRecord> {
    return listByIndex(
      this.#engine,
      'grant_by_principal_resource_type',
      parseSyncId(syncId),
      [resourceTypeId],
      options,
    );
  }

  /** Lists the grants that are not expanded yet by external_id. */
  listGrantsNeedingExpansion(
    syncId: string,
    options: ListOptions<GrantRecord> = {},
  ): RecordList<GrantRecord> {
    return listByIndex(this.#engine, 'grant_by_needs_expansion', parseSyncId(syncId), [], options);
  }

  /** Lists the assets by external_id. Assets hold files, so only one page of them is in memory. */
  listAssets(syncId: string, options: ListOptions<AssetRecord> = {}): RecordList<AssetRecord> {
    return listRecords(this.#engine, 'asset', parseSyncId(syncId), [], options);
  }

  /** Lists the runs of all syncs in the engine by sync id. */
  listSyncRuns(options: ListOptions<SyncRunRecord> = {}): RecordList<SyncRunRecord> {
    return listSyncRuns(this.#engine, options);
  }

  /** Lists the runs of all syncs by start, newest first; runs of the same time by descending id. */
  listNewestSyncRuns(
    options: SyncHistoryOptions = {},
  ): AsyncGenerator<SyncRunRecord, void, undefined> {
    return listNewestSyncRuns(this.#engine, options);
  }

  /** Returns the sync that ended last, by default only of the full ones; of several, the one with the greatest id. */
  latestFinishedSync(options: SyncQuery = {}): Promise<SyncRunRecord | undefined> {
    return latestFinishedSync(this.#engine, options);
  }

  /** Returns the unfinished sync that started last; of several, the one with the greatest id. */
  latestUnfinishedSync(options: SyncQuery = {}): Promise<SyncRunRecord | undefined> {
    return latestUnfinishedSync(this.#engine, options);
  }

  /**
   * Counts the records of a type, or the entries of an index. The counts of records of a sync that has ended
   * come from its statistics; everything else is counted entry by entry.
   */
  count(
    syncId: string,
    bucket: CountedBucket | IndexBucket,
    options: CountBucketOptions = {},
  ): Promise<number> {
    const bytes = parseSyncId(syncId);
    if (isCounted(bucket)) {
      return listRecords(this.#engine, bucket, bytes, [], options).count();
    }
    const { snapshot: given, signal } = options;
    return onSnapshot(this.#engine, given, (snapshot) =>
      countEntries(this.#engine, bucketSpan(bucket, bytes), { snapshot, signal }),
    );
  }

  async #get<B extends ValueBucket>(
    bucket: B,
    syncId: string,
    ids: readonly string[],
    options: GetOptions = {},
  ): Promise<RecordByBucket[B] | undefined> {
    const key = buildKey(bucket, parseSyncId(syncId), ids);
    const value = await this.#engine.get(key, { ...byteEncodings, ...options });
    return value === undefined ? undefined : decodeRecord(bucket, key, value);
  }
}
