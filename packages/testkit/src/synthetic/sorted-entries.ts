// Every entry of a synthetic sync in ascending key order, made as it is asked for. In memory at once are
// eight bytes a grant (to turn grants by entitlement into grants by principal) and the keys of one small
// index; everything else follows from the numbering, whose order is key order.
import {
  grantByEntitlementKey,
  grantByNeedsExpansionKey,
  grantByPrincipalKey,
  grantByPrincipalResourceTypeKey,
  grantKey,
  compareBytes,
} from '@sstitch/keys';
import { indexEntries, primaryKey, encodeRecord, type SyncRecord, type EntitlementRecord, type ResourceRecord } from '@sstitch/records';
import { GrantEncoder } from './encode-grant.js';
import type { GrantFacts, SyntheticRecords } from './make-records.js';
import { RESOURCE_TYPES } from './make-records.js';
import { entitlementName, principalName } from './names.js';

/** A key and its value. */
export type KeyValue = readonly [key: Uint8Array, value: Uint8Array];

const EMPTY = new Uint8Array(0);

export function* sortedEntries(records: SyntheticRecords): Generator<KeyValue, void, undefined> {
  const { shape, syncIdBytes: id } = records;
  const entry = (record: SyncRecord): KeyValue => [primaryKey(id, record), encodeRecord(record)];
  for (let index = 0; index < RESOURCE_TYPES.length; index++) {
    const type = records.resourceType(index);
    if (type !== undefined) yield entry(type);
  }
  for (const resource of resources(records)) yield entry(resource);
  for (const entitlement of entitlements(records)) yield entry(entitlement);
  const encoder = new GrantEncoder(records.syncId);
  for (const facts of grants(records)) yield [grantKey(id, facts.externalId), encoder.encode(facts)];
  for (let index = 0; index < shape.assets; index++) {
    const asset = records.asset(index);
    if (asset !== undefined) yield entry(asset);
  }
  yield entry(records.run());
  yield* byParent(records);
  for (const entitlement of entitlements(records)) {
    for (const { key } of indexEntries(id, entitlement)) yield [key, EMPTY];
  }
  for (const { entitlement, principal, externalId } of grants(records)) {
    const { entitlementId } = entitlement;
    yield [
      grantByEntitlementKey(id, entitlementId, principal.type, principal.id, externalId),
      EMPTY,
    ];
  }
  yield* byPrincipal(records);
  for (const { externalId, needsExpansion } of grants(records)) {
    if (needsExpansion) yield [grantByNeedsExpansionKey(id, externalId), EMPTY];
  }
  for (const type of ['group', 'user']) {
    for (const { principal, externalId } of grants(records)) {
      if (principal.type !== type) continue;
      yield [grantByPrincipalResourceTypeKey(id, type, externalId), EMPTY];
    }
  }
  yield entry(records.stats());
}

/** In the order of their keys. */
export function* resources(records: SyntheticRecords): Generator<ResourceRecord, void, undefined> {
  const { groups, projects, roles, users } = records.shape;
  for (let index = 0; index < groups; index++) yield records.group(index);
  for (let index = 0; index < projects; index++) yield records.project(index);
  for (let index = 0; index < projects; index++) {
    const archived = records.archivedProject(index);
    if (archived !== undefined) yield archived;
  }
  for (let index = 0; index < roles; index++) yield records.role(index);
  for (let index = 0; index < users; index++) yield records.user(index);
}

/** In the order of their keys. */
export function* entitlements(
  records: SyntheticRecords,
): Generator<EntitlementRecord, void, undefined> {
  const { entitlements: count, roles } = records.shape;
  for (let index = 0; index < count; index++) {
    yield records.entitlement(index);
    const legacy = index < count - roles ? undefined : records.legacyEntitlement(index - count + roles);
    if (legacy !== undefined) yield legacy;
  }
}

/** In the order of their keys. */
function* grants(records: SyntheticRecords): Generator<GrantFacts, void, undefined> {
  const { shape } = records;
  for (let e = 0; e < shape.entitlements; e++) {
    for (const numbers of shape.grantsOf(e)) yield records.grantFacts(numbers);
  }
}

function* byParent(records: SyntheticRecords): Generator<KeyValue, void, undefined> {
  const keys: Uint8Array[] = [];
  for (const resource of resources(records)) {
    for (const { key } of indexEntries(records.syncIdBytes, resource)) keys.push(key);
  }
  for (const key of keys.sort(compareBytes)) yield [key, EMPTY];
}

function* byPrincipal(records: SyntheticRecords): Generator<KeyValue, void, undefined> {
  const { shape, syncIdBytes: id } = records;
  const pairs = new Float64Array(shape.grants);
  let at = 0;
  for (let e = 0; e < shape.entitlements; e++) {
    for (const { principal } of shape.grantsOf(e)) pairs[at++] = principal * shape.entitlements + e;
  }
  pairs.sort();
  for (const pair of pairs) {
    const principal = principalName(shape, Math.floor(pair / shape.entitlements));
    const { entitlementId } = entitlementName(shape, pair % shape.entitlements);
    const externalId = `${entitlementId}:${principal.type}:${principal.id}`;
    yield [grantByPrincipalKey(id, principal.type, principal.id, externalId), EMPTY];
  }
}
