// Yields every entry of a synthetic sync in ascending key order. It holds in memory eight bytes a grant (to
// sort grants by principal instead of by entitlement) and the keys of one small index; everything else follows
// from the numbering, whose order is key order.
import { compareBytes } from '@sstitch/contract';
import {
  type EntitlementRecord,
  encodeRecord,
  indexEntries,
  primaryKey,
  type ResourceRecord,
  type SyncRecord,
} from '@sstitch/records';
import { EntryEncoder } from './entry-encoder.js';
import { grantId, RESOURCE_TYPES, type SyntheticRecords } from './make-records.js';
import { type EntitlementName, entitlementName, principalName } from './names.js';
import type { GrantNumbers } from './shape.js';

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
  const encoder = new EntryEncoder(id, records.syncId);
  for (const [numbers, on] of grants(records)) {
    const facts = records.grantFacts(numbers, on);
    yield [encoder.key('grant', `\0${facts.externalId}`), encoder.grant(facts)];
  }
  for (let index = 0; index < shape.assets; index++) {
    const asset = records.asset(index);
    if (asset !== undefined) yield entry(asset);
  }
  yield entry(records.run());
  yield* byParent(records);
  yield* byResource(records, encoder);
  yield* byEntitlement(records, encoder);
  yield* byPrincipal(records, encoder);
  for (const [numbers, on] of grants(records)) {
    if (!records.needsExpansion(numbers)) continue;
    const externalId = grantId(on, principalName(shape, numbers.principal));
    yield [encoder.key('grant_by_needs_expansion', `\0${externalId}`), EMPTY];
  }
  for (const type of ['group', 'user']) {
    for (const [{ principal }, on] of grants(records)) {
      if (principal < shape.groups !== (type === 'group')) continue;
      const externalId = grantId(on, principalName(shape, principal));
      const elements = `\0${type}\0${externalId}`;
      yield [encoder.key('grant_by_principal_resource_type', elements), EMPTY];
    }
  }
  yield entry(records.stats());
}

/** Yields the resources in key order. */
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

/** Yields the entitlements in key order. */
export function* entitlements(
  records: SyntheticRecords,
): Generator<EntitlementRecord, void, undefined> {
  const { entitlements: count, roles } = records.shape;
  for (let index = 0; index < count; index++) {
    yield records.entitlement(index);
    const legacy =
      index < count - roles ? undefined : records.legacyEntitlement(index - count + roles);
    if (legacy !== undefined) yield legacy;
  }
}

/** Yields the grants in key order. */
function* grants(
  records: SyntheticRecords,
): Generator<[GrantNumbers, EntitlementName], void, undefined> {
  const { shape } = records;
  for (let e = 0; e < shape.entitlements; e++) {
    const name = entitlementName(shape, e);
    for (const numbers of shape.grantsOf(e)) yield [numbers, name];
  }
}

function* byParent(records: SyntheticRecords): Generator<KeyValue, void, undefined> {
  const keys: Uint8Array[] = [];
  for (const resource of resources(records)) {
    for (const { key } of indexEntries(records.syncIdBytes, resource)) keys.push(key);
  }
  for (const key of keys.sort(compareBytes)) yield [key, EMPTY];
}

function* byResource(
  records: SyntheticRecords,
  encoder: EntryEncoder,
): Generator<KeyValue, void, undefined> {
  for (const { resource, externalId } of entitlements(records)) {
    if (resource === undefined) continue;
    const elements = `\0${resource.resourceTypeId}\0${resource.resourceId}\0${externalId}`;
    yield [encoder.key('entitlement_by_resource', elements), EMPTY];
  }
}

function* byEntitlement(
  records: SyntheticRecords,
  encoder: EntryEncoder,
): Generator<KeyValue, void, undefined> {
  for (const [{ principal }, on] of grants(records)) {
    const to = principalName(records.shape, principal);
    const elements = `\0${on.entitlementId}\0${to.type}\0${to.id}\0${grantId(on, to)}`;
    yield [encoder.key('grant_by_entitlement', elements), EMPTY];
  }
}

function* byPrincipal(
  records: SyntheticRecords,
  encoder: EntryEncoder,
): Generator<KeyValue, void, undefined> {
  const { shape } = records;
  const pairs = new Float64Array(shape.grants);
  let at = 0;
  for (let e = 0; e < shape.entitlements; e++) {
    for (const { principal } of shape.grantsOf(e)) pairs[at++] = principal * shape.entitlements + e;
  }
  for (const pair of pairs.sort()) {
    const to = principalName(shape, Math.floor(pair / shape.entitlements));
    const on = entitlementName(shape, pair % shape.entitlements);
    const elements = `\0${to.type}\0${to.id}\0${grantId(on, to)}`;
    yield [encoder.key('grant_by_principal', elements), EMPTY];
  }
}
