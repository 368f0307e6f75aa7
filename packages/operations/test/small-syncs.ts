// Syncs of a few records with few ids, so that two syncs often share them, and with odd bytes in ids.
import { create } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { byteEncodings, type ReadableEngine, type ReadWriteEngine } from '@sstitch/contract';
import { parseKey } from '@sstitch/keys';
import {
  AssetRecordSchema,
  countSync,
  EntitlementRecordSchema,
  GrantRecordSchema,
  identityOf,
  ResourceRecordSchema,
  ResourceTypeRecordSchema,
  SyncReader,
  type SyncRecord,
  type SyncStatsRecord,
  SyncStore,
  SyncType,
  verifyIndexes,
} from '@sstitch/records';
import fc from 'fast-check';

export const SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';
export const OTHER = '36zfOAoWMxQdISbixanQCRBiX7F';
export const THIRD = '3MmlCPoe0ERCi8Id5k2DbWCfbl9';
export const FOURTH = '000000000000000000000000001';

const id = fc.constantFrom('a', 'b', 'ann', 'a\0', '\x01', '', 'é', '__proto__');
const type = fc.constantFrom('user', 'group', 'use');
const discoveredAt = fc.option(
  fc
    .record({ seconds: fc.bigInt(1n, 3n), nanos: fc.nat(1) })
    .map((init) => create(TimestampSchema, init)),
  { nil: undefined },
);
const text = fc.constantFrom('', 'One', 'Two');
const reference = fc.record({ resourceTypeId: type, resourceId: id });

const anyResourceType = fc
  .record({ externalId: id, displayName: text })
  .map((init) => create(ResourceTypeRecordSchema, init));
const anyResource = fc
  .record({
    ...{ resourceTypeId: type, resourceId: id, displayName: text },
    parent: fc.option(reference, { nil: undefined }),
  })
  .map(({ parent, ...init }) =>
    create(ResourceRecordSchema, { ...init, ...(parent && { parent }) }),
  );
const anyEntitlement = fc
  .record({ externalId: id, displayName: text, slug: text, resource: reference })
  .map((init) => create(EntitlementRecordSchema, init));
const anyGrant = fc
  .record({
    ...{ externalId: id, needsExpansion: fc.boolean(), principal: reference },
    entitlement: fc.record({ resourceTypeId: type, resourceId: id, entitlementId: id }),
    sources: fc.dictionary(id, fc.constant({ isDirect: true }), { maxKeys: 2 }),
  })
  .map((init) => create(GrantRecordSchema, init));
const anyAsset = fc
  .record({ externalId: id, data: fc.uint8Array({ maxLength: 3 }) })
  .map((init) => create(AssetRecordSchema, init));

export type DiscoveredRecord = Extract<SyncRecord, { readonly discoveredAt?: unknown }>;

/** Any record that a connector discovers, without a sync id. */
const anyRecord: fc.Arbitrary<DiscoveredRecord> = fc
  .tuple(
    fc.oneof(...[anyResourceType, anyResource, anyEntitlement, anyAsset], {
      arbitrary: anyGrant,
      weight: 3,
    }) as fc.Arbitrary<DiscoveredRecord>,
    discoveredAt,
  )
  .map(([record, at]) => ({ ...record, ...(at && { discoveredAt: at }) }));

/** Some records with distinct ids, without a sync id. */
export const anyRecords: fc.Arbitrary<DiscoveredRecord[]> = fc.uniqueArray(anyRecord, {
  selector: nameOf,
  maxLength: 12,
});

/** Identifies a record's key. */
export function nameOf(record: SyncRecord): string {
  const { bucket, ids } = identityOf(record);
  return JSON.stringify([bucket, ...ids]);
}

/** How a sync is written. */
export interface SyncOptions {
  readonly type?: SyncType;
  /** Seconds since 1970. @defaultValue 1000 */
  readonly startedAt?: number;
  /** @defaultValue true */
  readonly isEnded?: boolean;
  readonly parentSyncId?: string;
  readonly linkedSyncId?: string;
}

/** Writes a sync as a connector does. */
export async function writeSync(
  engine: ReadWriteEngine,
  syncId: string,
  records: readonly SyncRecord[],
  { startedAt = 1000, isEnded = true, type: syncType = SyncType.FULL, ...run }: SyncOptions = {},
): Promise<void> {
  let seconds = startedAt;
  const store = new SyncStore(engine, { now: () => new Date(seconds * 1000) });
  await store.startSync({ syncId, type: syncType, syncToken: 'token', ...run });
  await store.putMany(
    syncId,
    records.map((record) => ({ ...record, syncId }) as SyncRecord),
  );
  seconds += 60;
  if (isEnded) await store.endSync(syncId);
}

/** Reads everything that an engine holds, or one sync of it, as text. */
export async function contentsOf(
  engine: ReadableEngine,
  syncId?: string,
): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  const iterator = engine.iterator({ ...byteEncodings });
  for (let entry = await iterator.next(); entry; entry = await iterator.next()) {
    const [key, value] = entry;
    if (syncId !== undefined && parseKey(key).syncId !== syncId) continue;
    contents.set(Buffer.from(key).toString('hex'), Buffer.from(value).toString('hex'));
  }
  await iterator.close();
  return contents;
}

/** The same without the entries of some syncs. */
export async function contentsWithout(
  engine: ReadableEngine,
  syncIds: readonly string[],
): Promise<Map<string, string>> {
  const contents = await contentsOf(engine);
  for (const syncId of syncIds) {
    for (const key of (await contentsOf(engine, syncId)).keys()) contents.delete(key);
  }
  return contents;
}

/** Finds faults in a sync's indexes or statistics. */
export async function problemsOf(engine: ReadableEngine, syncId: string): Promise<string[]> {
  const problems: string[] = [];
  for await (const { message } of verifyIndexes(engine, syncId)) problems.push(message);
  const stats = await new SyncReader(engine).getSyncStats(syncId);
  if (stats === undefined) return problems;
  const counted = await countSync(engine, syncId);
  if (countsOf(stats) !== countsOf(counted)) {
    problems.push('the statistics do not count the records');
  }
  return problems;
}

/** Formats the counts of statistics, without other measurements of the run. */
function countsOf(stats: SyncStatsRecord): string {
  const sorted = (counts: Readonly<Record<string, bigint>>) =>
    Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...[stats.resourceTypes, stats.resources, stats.entitlements, stats.grants, stats.assets],
    ...sorted(stats.resourcesByResourceType),
    ...sorted(stats.entitlementsByResourceType),
    ...sorted(stats.grantsByEntitlementResourceType),
  ].join(' ');
}

/** Returns the code of the error that `run` throws, or undefined if it throws none. */
export async function codeOf(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return (error as { readonly code?: unknown }).code ?? error;
  }
}
