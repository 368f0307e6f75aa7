// The records of which a sheet of grants tells: each grant, and, once, the resource types, resources and entitlements
// that grants refer to, made of their ids and names. The run and the statistics of a sync follow from its grants.
import { create, fromJson } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import {
  EntitlementRecordSchema,
  GrantRecordSchema,
  type GrantSourceRecord,
  GrantSourceRecordSchema,
  identityOf,
  RecordBatch,
  ResourceRecordSchema,
  ResourceTypeRecordSchema,
  SyncCounter,
  type SyncRecord,
  SyncRunRecordSchema,
  SyncType,
  type ValueBucket,
} from '@sstitch/records';
import { itemsOf } from './cells.js';
import type { ColumnName, GrantRow } from './columns.js';
import { SeenNames } from './seen-names.js';

/** So many things may be named: what is kept of them comes to 400 MiB. */
const MAX_NAMED = 8_000_000;
const MAX_BATCH_RECORDS = 250;

/** Thrown where a row cannot be a grant. */
export class NoGrant extends Error {
  readonly column: ColumnName;

  constructor(problem: string, column: ColumnName, cause?: unknown) {
    super(problem, { cause });
    this.column = column;
  }
}

/** Thrown where there are too many things to remember. */
export class TooManyNames extends Error {}

interface SheetSync {
  readonly counter: SyncCounter;
  firstAt: Timestamp;
  lastAt: Timestamp;
}

/** Makes records of rows. */
export class SheetSyncs {
  readonly #now: Timestamp;
  readonly #seen: SeenNames;
  readonly #syncs = new Map<string, SheetSync>();
  /** Records that have not been taken, of one sync. */
  #pending: SyncRecord[] = [];

  /** @param now when grants without a time of their own were discovered */
  static async create(now: Timestamp): Promise<SheetSyncs> {
    return new SheetSyncs(now, await SeenNames.create());
  }

  private constructor(now: Timestamp, seen: SeenNames) {
    this.#now = now;
    this.#seen = seen;
  }

  /**
   * Adds a row.
   *
   * @returns batches that are full
   * @throws NoGrant; TooManyNames
   */
  add(syncId: string, row: GrantRow): RecordBatch[] {
    const full =
      this.#pending.length >= MAX_BATCH_RECORDS || this.#pending[0]?.syncId !== syncId
        ? this.#take()
        : [];
    this.#addType(syncId, 'principal', row);
    this.#addType(syncId, 'resource', row);
    this.#addResource(syncId, 'principal', row);
    this.#addResource(syncId, 'resource', row);
    this.#addEntitlement(syncId, row);
    this.#addGrant(syncId, row);
    return full;
  }

  /** What is left: the last records, then the run and the statistics of each sync. */
  end(): RecordBatch[] {
    const batches = this.#take();
    for (const [syncId, { counter, firstAt, lastAt }] of this.#syncs) {
      const times = { startedAt: firstAt, endedAt: lastAt };
      const run = create(SyncRunRecordSchema, { syncId, type: SyncType.FULL, ...times });
      const stats = { ...counter.toRecord(syncId), writtenAt: lastAt };
      batches.push(RecordBatch.ofRecords(syncId, 'sync_run', [run]));
      batches.push(RecordBatch.ofRecords(syncId, 'sync_stats', [stats]));
    }
    return batches;
  }

  /** Batches of what is pending, one a bucket. */
  #take(): RecordBatch[] {
    const byBucket = new Map<ValueBucket, SyncRecord[]>();
    for (const record of this.#pending) {
      const { bucket } = identityOf(record);
      const records = byBucket.get(bucket);
      if (records === undefined) byBucket.set(bucket, [record]);
      else records.push(record);
    }
    const syncId = this.#pending[0]?.syncId ?? '';
    this.#pending = [];
    return [...byBucket].map(([bucket, records]) =>
      // `identityOf` has sorted them.
      RecordBatch.ofRecords(syncId, bucket, records as never[]),
    );
  }

  #addType(syncId: string, of: 'principal' | 'resource', row: GrantRow): void {
    const externalId = row[`${of}_type_id`];
    const displayName = row[`${of}_type_name`];
    const column = `${of}_type_name` as const;
    if (!this.#isNew(['type', syncId, externalId], [displayName], column, externalId)) return;
    this.#push(create(ResourceTypeRecordSchema, { syncId, externalId, displayName }));
  }

  #addResource(syncId: string, of: 'principal' | 'resource', row: GrantRow): void {
    const resourceTypeId = row[`${of}_type_id`];
    const resourceId = row[`${of}_id`];
    const displayName = row[`${of}_name`];
    const key = ['resource', syncId, resourceTypeId, resourceId];
    const what = `${resourceTypeId} ${resourceId}`;
    if (!this.#isNew(key, [displayName], `${of}_name`, what)) return;
    const init = { syncId, resourceTypeId, resourceId, displayName };
    this.#push(create(ResourceRecordSchema, init));
  }

  #addEntitlement(syncId: string, row: GrantRow): void {
    const { entitlement_id: externalId, entitlement_name: displayName } = row;
    const resource = { resourceTypeId: row.resource_type_id, resourceId: row.resource_id };
    const names = [displayName, resource.resourceTypeId, resource.resourceId];
    const key = ['entitlement', syncId, externalId];
    if (!this.#isNew(key, names, 'entitlement_id', externalId)) return;
    this.#push(create(EntitlementRecordSchema, { syncId, externalId, displayName, resource }));
  }

  #addGrant(syncId: string, row: GrantRow): void {
    const { entitlement_id: entitlementId, principal_type_id: type, principal_id: id } = row;
    const discoveredAt = timeOf(row.discovered_at) ?? this.#now;
    const record = create(GrantRecordSchema, {
      syncId,
      // As baton-sdk names a grant that has no id of its own.
      externalId: row.grant_id === '' ? `${entitlementId}:${type}:${id}` : row.grant_id,
      entitlement: {
        resourceTypeId: row.resource_type_id,
        resourceId: row.resource_id,
        entitlementId,
      },
      principal: { resourceTypeId: type, resourceId: id },
      discoveredAt,
      sources: sourcesOf(row),
    });
    this.#push(record);
    const sync = this.#syncOf(syncId);
    if (isBefore(discoveredAt, sync.firstAt)) sync.firstAt = discoveredAt;
    if (isBefore(sync.lastAt, discoveredAt)) sync.lastAt = discoveredAt;
  }

  /** @throws NoGrant where it was there before, otherwise named; TooManyNames */
  #isNew(
    key: readonly string[],
    names: readonly string[],
    column: ColumnName,
    what: string,
  ): boolean {
    const seen = this.#seen.add(key, names);
    if (this.#seen.count > MAX_NAMED) {
      throw new TooManyNames(
        `more than ${MAX_NAMED} resource types, resources and entitlements are named: split the file`,
      );
    }
    if (seen !== 'different') return seen === 'new';
    const said = column === 'entitlement_id' ? 'has another name or resource' : 'has another name';
    throw new NoGrant(`${JSON.stringify(what)} ${said} than in an earlier row`, column);
  }

  #push(record: SyncRecord): void {
    this.#pending.push(record);
    this.#syncOf(record.syncId).counter.add(record);
  }

  #syncOf(syncId: string): SheetSync {
    let sync = this.#syncs.get(syncId);
    if (sync === undefined) {
      sync = { counter: new SyncCounter(), firstAt: LAST, lastAt: FIRST };
      this.#syncs.set(syncId, sync);
    }
    return sync;
  }
}

/** The first and the last time that RFC 3339 has. */
const FIRST = create(TimestampSchema, { seconds: -62_135_596_800n });
const LAST = create(TimestampSchema, { seconds: 253_402_300_799n, nanos: 999_999_999 });

/** @throws NoGrant */
function timeOf(text: string): Timestamp | undefined {
  if (text === '') return undefined;
  try {
    return fromJson(TimestampSchema, text);
  } catch (cause) {
    throw new NoGrant(
      `${JSON.stringify(text)} is not a time such as 2026-01-02T03:04:05Z`,
      'discovered_at',
      cause,
    );
  }
}

function sourcesOf(row: GrantRow): Record<string, GrantSourceRecord> {
  const sources = new Map<string, GrantSourceRecord>();
  for (const column of ['direct_sources', 'inherited_sources'] as const) {
    const isDirect = column === 'direct_sources';
    for (const id of itemsOf(row[column])) {
      if (sources.has(id)) throw new NoGrant(`${JSON.stringify(id)} comes twice`, column);
      sources.set(id, create(GrantSourceRecordSchema, { isDirect }));
    }
  }
  return Object.fromEntries(sources);
}

function isBefore(a: Timestamp, b: Timestamp): boolean {
  return a.seconds === b.seconds ? a.nanos < b.nanos : a.seconds < b.seconds;
}
