// Builds the records of a sheet of grants: each grant and, once each, the resource types, resources and
// entitlements that grants refer to, from their ids and names. The run and the statistics of a sync are derived
// from its grants.
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

/** The most records that a sheet may name; `SeenNames` then takes 400 MiB. */
const MAX_NAMED = 8_000_000;
/** The most syncs that a sheet may name: the counts of each take some KiB. */
const MAX_SYNCS = 10_000;
const MAX_BATCH_RECORDS = 250;
/** The rows of a batch end when they have this many characters. */
const MAX_BATCH_CHARACTERS = 4 * 2 ** 20;

/** Thrown if a row is not a valid grant. */
export class InvalidGrant extends Error {
  readonly column: ColumnName;

  constructor(problem: string, column: ColumnName, cause?: unknown) {
    super(problem, { cause });
    this.column = column;
  }
}

/** Thrown if a sheet names more records than {@link MAX_NAMED}, or more syncs than {@link MAX_SYNCS}. */
export class TooManyNames extends Error {}

interface SheetSync {
  readonly counter: SyncCounter;
  firstAt: Timestamp;
  lastAt: Timestamp;
}

/** Builds records from rows. */
export class SheetSyncs {
  readonly #now: Timestamp;
  readonly #seen: SeenNames;
  readonly #syncs = new Map<string, SheetSync>();
  /** Records of one sync that are not in a batch yet. */
  #pending: SyncRecord[] = [];
  /** The length of their rows. */
  #pendingCharacters = 0;

  /** @param now the discovery time of grants that have none */
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
   * @returns the batches that are full
   * @throws InvalidGrant; TooManyNames
   */
  add(syncId: string, row: GrantRow): RecordBatch[] {
    const isFull =
      this.#pending.length >= MAX_BATCH_RECORDS ||
      this.#pendingCharacters >= MAX_BATCH_CHARACTERS ||
      this.#pending[0]?.syncId !== syncId;
    const full = isFull ? this.#take() : [];
    for (const cell of Object.values(row)) this.#pendingCharacters += cell.length;
    this.#addType(syncId, 'principal', row);
    this.#addType(syncId, 'resource', row);
    this.#addResource(syncId, 'principal', row);
    this.#addResource(syncId, 'resource', row);
    this.#addEntitlement(syncId, row);
    this.#addGrant(syncId, row);
    return full;
  }

  /** Returns the remaining batches: the last records, then the run and the statistics of each sync. */
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

  /** Takes the pending records as batches, one for each bucket. */
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
    this.#pendingCharacters = 0;
    return [...byBucket].map(([bucket, records]) =>
      // `identityOf` has grouped them by bucket.
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
      // baton-sdk assigns this id to a grant without one.
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

  /** @throws InvalidGrant if it was named differently before; TooManyNames */
  #isNew(
    key: readonly string[],
    names: readonly string[],
    column: ColumnName,
    what: string,
  ): boolean {
    const seen = this.#seen.add(key, names);
    if (this.#seen.count > MAX_NAMED) {
      throw new TooManyNames(
        `the file names more than ${MAX_NAMED} resource types, resources and entitlements: split it`,
      );
    }
    if (seen !== 'different') return seen === 'new';
    const problem =
      column === 'entitlement_id' ? 'has another name or resource' : 'has another name';
    throw new InvalidGrant(`${JSON.stringify(what)} ${problem} than in an earlier row`, column);
  }

  #push(record: SyncRecord): void {
    this.#pending.push(record);
    this.#syncOf(record.syncId).counter.add(record);
  }

  #syncOf(syncId: string): SheetSync {
    let sync = this.#syncs.get(syncId);
    if (sync === undefined) {
      if (this.#syncs.size === MAX_SYNCS) {
        throw new TooManyNames(`the file names more than ${MAX_SYNCS} syncs: split it`);
      }
      sync = { counter: new SyncCounter(), firstAt: LAST, lastAt: FIRST };
      this.#syncs.set(syncId, sync);
    }
    return sync;
  }
}

/** The first and the last time that RFC 3339 can express. */
const FIRST = create(TimestampSchema, { seconds: -62_135_596_800n });
const LAST = create(TimestampSchema, { seconds: 253_402_300_799n, nanos: 999_999_999 });

/** @throws InvalidGrant */
function timeOf(text: string): Timestamp | undefined {
  if (text === '') return undefined;
  try {
    return fromJson(TimestampSchema, text);
  } catch (cause) {
    throw new InvalidGrant(
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
      if (sources.has(id)) throw new InvalidGrant(`${JSON.stringify(id)} appears twice`, column);
      sources.set(id, create(GrantSourceRecordSchema, { isDirect }));
    }
  }
  return Object.fromEntries(sources);
}

function isBefore(a: Timestamp, b: Timestamp): boolean {
  return a.seconds === b.seconds ? a.nanos < b.nanos : a.seconds < b.seconds;
}
