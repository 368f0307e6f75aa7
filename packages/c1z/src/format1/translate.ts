// Translates messages of connectors (c1.connector.v2) to stored records (c1.storage.v3).
//
// The rules are those of baton-sdk's own translation, so that both produce the same bytes:
// - external_id is the message's id; references keep only identities
// - traits and purposes become names without prefix; a missing or unknown purpose becomes ''
// - a grant's first GrantExpandable annotation is removed from `annotations`; if it names an entitlement that
//   is not blank, it becomes `expansion`. Newer files keep it in columns, which take precedence.
// - discovered_at comes from the row
// - columns supply what a message omits. Columns that contradict the message are ignored, because a second put
//   of the same id replaces only `data`. A grant without entitlement or principal in either is refused.
import { create, type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { type Any, anyIs, type Timestamp } from '@bufbuild/protobuf/wkt';
import {
  type AssetRecord,
  AssetRecordSchema,
  type EntitlementRecord,
  EntitlementRecordSchema,
  type EntitlementRef,
  EntitlementRefSchema,
  type GrantExpandableRecord,
  GrantExpandableRecordSchema,
  type GrantRecord,
  GrantRecordSchema,
  GrantSourceRecordSchema,
  type PrincipalRef,
  PrincipalRefSchema,
  type ResourceRecord,
  ResourceRecordSchema,
  type ResourceRef,
  ResourceRefSchema,
  type ResourceTypeRecord,
  ResourceTypeRecordSchema,
  StatusRecordSchema,
  type SyncRunRecord,
  SyncRunRecordSchema,
  SyncType,
} from '@sstitch/records';
import { C1zError, messageOf } from '../errors.js';
import {
  Entitlement_PurposeValue,
  EntitlementSchema,
  type Grant,
  GrantExpandableSchema,
  GrantSchema,
  type ResourceId,
  ResourceSchema,
  ResourceType_Trait,
  ResourceTypeSchema,
} from '../gen/c1/connector/v2/connector_pb.js';
import type {
  AssetRow,
  EntitlementRow,
  GrantRow,
  Name,
  ResourceRow,
  ResourceTypeRow,
  SyncRunRow,
} from './sync-tables.js';
import { parseTimestamp } from './timestamps.js';
import type { Zone } from './zones.js';

const SYNC_TYPES: Readonly<Record<string, SyncType>> = {
  full: SyncType.FULL,
  partial: SyncType.PARTIAL,
  resources_only: SyncType.RESOURCES_ONLY,
  partial_upserts: SyncType.PARTIAL_UPSERTS,
  partial_deletions: SyncType.PARTIAL_DELETIONS,
};

/**
 * Translates a run.
 * @param zone the zone of times without one, in all functions of this file
 * @throws C1zError SSTITCH_C1Z_CORRUPT, like all functions of this file
 */
export function syncRunRecord(row: SyncRunRow, zone: Zone): SyncRunRecord {
  const syncId = required(row.sync_id, '', 'sync_id');
  const record = create(SyncRunRecordSchema, {
    syncId,
    type: syncTypeOf(row),
    parentSyncId: row.parent_sync_id ?? '',
    startedAt: timestamp(row.started_at, 'started_at', zone),
    syncToken: row.sync_token,
    supportsDiff: row.supports_diff ?? false,
    linkedSyncId: row.linked_sync_id ?? '',
  });
  setInvariants(record, row);
  if (row.ended_at !== null) record.endedAt = timestamp(row.ended_at, 'ended_at', zone);
  return record;
}

/** Sets the invariants only if all parts are present: a sync without them is checked again. */
function setInvariants(record: SyncRunRecord, row: SyncRunRow): void {
  const generation = row.ingest_invariant_generation ?? '';
  const coverage = parsedTexts(row.ingest_invariant_coverage ?? '');
  if (generation === '' || coverage === undefined) return;
  record.ingestInvariantGeneration = generation;
  record.ingestInvariantCoverage = coverage;
  record.ingestInvariantMode = row.ingest_invariant_mode ?? '';
}

function parsedTexts(json: string): string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    const isTexts = Array.isArray(parsed) && parsed.every((each) => typeof each === 'string');
    return isTexts ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function resourceTypeRecord(
  syncId: string,
  row: ResourceTypeRow,
  zone: Zone,
): ResourceTypeRecord {
  const message = decode(ResourceTypeSchema, row.data, 'data');
  return create(ResourceTypeRecordSchema, {
    syncId,
    externalId: idOf(message, row),
    displayName: message.displayName,
    traits: message.traits.map((trait) => ResourceType_Trait[trait] ?? ''),
    annotations: message.annotations,
    discoveredAt: timestamp(row.discovered_at, 'discovered_at', zone),
    description: message.description,
    sourcedExternally: message.sourcedExternally,
  });
}

export function resourceRecord(syncId: string, row: ResourceRow, zone: Zone): ResourceRecord {
  const message = decode(ResourceSchema, row.data, 'data');
  const [type, id] = completed(namesOf(message.id), [row.resource_type_id, idBehind(row)]);
  const record = create(ResourceRecordSchema, {
    syncId,
    resourceTypeId: required(type, 'id.resource_type', 'resource_type_id'),
    resourceId: required(id, 'id.resource', 'external_id'),
    displayName: message.displayName,
    description: message.description,
    annotations: message.annotations,
    discoveredAt: timestamp(row.discovered_at, 'discovered_at', zone),
    iconAssetExternalId: message.icon?.id ?? '',
  });
  if (message.profile !== undefined) record.profile = message.profile;
  if (message.createdAt !== undefined) record.createdAt = message.createdAt;
  if (message.status !== undefined) {
    const { status, details } = message.status;
    record.status = create(StatusRecordSchema, { status: status as number, details });
  }
  const [parentType, parentId] = completed(namesOf(message.parentResourceId), [
    row.parent_resource_type_id,
    row.parent_resource_id,
  ]);
  if (parentId !== '') record.parent = resourceRef(parentType, parentId);
  return record;
}

export function entitlementRecord(
  syncId: string,
  row: EntitlementRow,
  zone: Zone,
): EntitlementRecord {
  const message = decode(EntitlementSchema, row.data, 'data');
  const record = create(EntitlementRecordSchema, {
    syncId,
    externalId: idOf(message, row),
    displayName: message.displayName,
    description: message.description,
    purpose: purposeName(message.purpose),
    annotations: message.annotations,
    discoveredAt: timestamp(row.discovered_at, 'discovered_at', zone),
    slug: message.slug,
    grantableToResourceTypeIds: message.grantableTo.map(({ id }) => id).filter((id) => id !== ''),
  });
  const [type, id] = completed(namesOf(message.resource?.id), [
    row.resource_type_id,
    row.resource_id,
  ]);
  if (message.resource !== undefined || id !== '') record.resource = resourceRef(type, id);
  return record;
}

export function grantRecord(syncId: string, row: GrantRow, zone: Zone): GrantRecord {
  const message = decode(GrantSchema, row.data, 'data');
  // Nearly all records are grants, so the fields are set directly: `create` with values iterates over the
  // message's fields.
  const record = create(GrantRecordSchema);
  record.syncId = syncId;
  record.externalId = idOf(message, row);
  record.discoveredAt = timestamp(row.discovered_at, 'discovered_at', zone);
  record.entitlement = grantedEntitlement(message, row);
  record.principal = grantedTo(message, row);
  setExpansion(record, message.annotations, row);
  setSources(record, message);
  return record;
}

function grantedEntitlement({ entitlement }: Grant, row: GrantRow): EntitlementRef {
  const [type, resource] = namesOf(entitlement?.resource?.id);
  const names = completed(
    [type, resource, entitlement?.id ?? ''],
    [row.resource_type_id, row.resource_id, row.entitlement_id],
  );
  const reference = create(EntitlementRefSchema);
  [reference.resourceTypeId, reference.resourceId] = names;
  reference.entitlementId = required(names[2], 'entitlement.id', 'entitlement_id');
  return reference;
}

function grantedTo({ principal }: Grant, row: GrantRow): PrincipalRef {
  const [type, id] = completed(namesOf(principal?.id), [
    row.principal_resource_type_id,
    row.principal_resource_id,
  ]);
  const reference = create(PrincipalRefSchema);
  reference.resourceTypeId = type;
  reference.resourceId = required(id, 'principal.id.resource', 'principal_resource_id');
  [reference.parentResourceTypeId, reference.parentResourceId] = namesOf(
    principal?.parentResourceId,
  );
  return reference;
}

export function assetRecord(syncId: string, row: AssetRow, zone: Zone): AssetRecord {
  return create(AssetRecordSchema, {
    syncId,
    externalId: required(row.external_id, '', 'external_id'),
    contentType: row.content_type,
    data: row.data,
    discoveredAt: timestamp(row.discovered_at, 'discovered_at', zone),
  });
}

function setExpansion(record: GrantRecord, annotations: readonly Any[], row: GrantRow): void {
  const found = annotations.findIndex((any) => anyIs(any, GrantExpandableSchema));
  record.annotations = annotations.filter((_, index) => index !== found);
  // Newer writers use an empty blob for "none".
  if (row.expansion !== null && row.expansion.length > 0) {
    const expansion = expandable(row.expansion, 'expansion');
    if (expansion === undefined) return;
    record.expansion = expansion;
    record.needsExpansion = row.needs_expansion ?? false;
    return;
  }
  const annotation = annotations[found];
  if (annotation === undefined) return;
  const expansion = expandable(annotation.value, 'the annotation GrantExpandable');
  if (expansion === undefined) return;
  record.expansion = expansion;
  record.needsExpansion = true;
}

function expandable(bytes: Uint8Array, what: string): GrantExpandableRecord | undefined {
  const { entitlementIds, shallow, resourceTypeIds } = decode(GrantExpandableSchema, bytes, what);
  if (entitlementIds.every((id) => id.trim() === '')) return undefined;
  return create(GrantExpandableRecordSchema, { entitlementIds, shallow, resourceTypeIds });
}

function setSources(record: GrantRecord, { sources }: Grant): void {
  if (sources === undefined) return;
  // fromEntries defines each key, so that even __proto__ is an ordinary key.
  record.sources = Object.fromEntries(
    Object.entries(sources.sources).map(([entitlementId, { isDirect }]) => [
      entitlementId,
      create(GrantSourceRecordSchema, { isDirect }),
    ]),
  );
}

function syncTypeOf(row: SyncRunRow): SyncType {
  if (row.sync_type === null) return row.is_partial === true ? SyncType.PARTIAL : SyncType.FULL;
  // An unknown type is not a reason to refuse the file.
  return Object.hasOwn(SYNC_TYPES, row.sync_type)
    ? (SYNC_TYPES[row.sync_type] ?? SyncType.UNSPECIFIED)
    : SyncType.UNSPECIFIED;
}

function purposeName(purpose: Entitlement_PurposeValue): string {
  if (purpose === Entitlement_PurposeValue.UNSPECIFIED) return '';
  return Entitlement_PurposeValue[purpose] ?? '';
}

function resourceRef(resourceTypeId: string, resourceId: string): ResourceRef {
  return create(ResourceRefSchema, { resourceTypeId, resourceId });
}

function decode<Schema extends DescMessage>(
  schema: Schema,
  bytes: Uint8Array,
  what: string,
): MessageShape<Schema> {
  try {
    // A record cannot hold unknown fields of the message.
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw new C1zError(
      'SSTITCH_C1Z_CORRUPT',
      `${what} is not a ${schema.typeName}: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

/** Thrown if a message omits something and the columns that may supply it were not read. */
export class NamesNeeded extends Error {}

/** The names in a message, part by part; '' for a missing one. */
type Names = readonly string[];

/**
 * Completes the names of a message from the columns, if the columns do not contradict the names that it has.
 */
function completed<const N extends Names>(said: N, columns: { readonly [At in keyof N]: Name }): N {
  if (!said.includes('')) return said;
  const known = columns.map((name) => {
    if (name === undefined) throw new NamesNeeded();
    return name ?? '';
  });
  const agree = said.every((part, at) => part === '' || part === known[at]);
  return agree ? (known as Names as N) : said;
}

function namesOf(id: ResourceId | undefined): readonly [type: string, id: string] {
  return [id?.resourceType ?? '', id?.resource ?? ''];
}

function idOf({ id }: { id: string }, row: { external_id: Name }): string {
  const [whole] = completed([id], [row.external_id]);
  return required(whole, 'id', 'external_id');
}

/** The id in a resource's external_id, which has the form "type:id". */
function idBehind({ resource_type_id: type, external_id: text }: ResourceRow): Name {
  if (text === undefined) return undefined;
  return text?.startsWith(`${type}:`) === true ? text.slice(`${type}:`.length) : null;
}

/** Checks that a name is not empty. @param field the field of the message in `data`; '' if there is no message */
function required(value: string, field: string, column: string): string {
  if (value !== '') return value;
  const what =
    field === '' ? `${column} is empty` : `${field} is empty in data, and so is column ${column}`;
  throw new C1zError('SSTITCH_C1Z_CORRUPT', what);
}

function timestamp(text: string, what: string, zone: Zone): Timestamp {
  const parsed = parseTimestamp(text, zone);
  if (parsed === undefined) {
    throw new C1zError(
      'SSTITCH_C1Z_CORRUPT',
      `${what} is not a time: ${JSON.stringify(text.slice(0, 64))}`,
    );
  }
  return parsed;
}
