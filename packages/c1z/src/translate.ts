// From what a connector writes (c1.connector.v2) to what a store holds (c1.storage.v3). Pure.
//
// The rules are those of baton-sdk's own translation, so that both make the same bytes:
// - external_id is the message's id; references keep identities only
// - traits and purposes become names without prefix; no purpose, or one not known, becomes ''
// - a grant's first GrantExpandable annotation leaves `annotations`; if it names an entitlement that
//   is not blank, it becomes `expansion`. Newer files keep it in columns, which go before.
// - discovered_at comes from the row
import { create, type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { type Any, anyIs, type Timestamp } from '@bufbuild/protobuf/wkt';
import {
  type AssetRecord,
  AssetRecordSchema,
  type EntitlementRecord,
  EntitlementRecordSchema,
  EntitlementRefSchema,
  type GrantExpandableRecord,
  GrantExpandableRecordSchema,
  type GrantRecord,
  GrantRecordSchema,
  GrantSourceRecordSchema,
  PrincipalRefSchema,
  type ResourceRecord,
  ResourceRecordSchema,
  type ResourceRef,
  ResourceRefSchema,
  type ResourceTypeRecord,
  ResourceTypeRecordSchema,
  type SyncRunRecord,
  SyncRunRecordSchema,
  SyncType,
} from '@sstitch/records';
import { C1zError, messageOf } from './errors.js';
import {
  Entitlement_PurposeValue,
  EntitlementSchema,
  type Grant,
  GrantExpandableSchema,
  GrantSchema,
  ResourceSchema,
  ResourceType_Trait,
  ResourceTypeSchema,
} from './gen/c1/connector/v2/connector_pb.js';
import type { AssetRow, GrantRow, ObjectRow, SyncRunRow } from './sync-tables.js';
import { parseTimestamp } from './timestamps.js';

const SYNC_TYPES: Readonly<Record<string, SyncType>> = {
  full: SyncType.FULL,
  partial: SyncType.PARTIAL,
  resources_only: SyncType.RESOURCES_ONLY,
  partial_upserts: SyncType.PARTIAL_UPSERTS,
  partial_deletions: SyncType.PARTIAL_DELETIONS,
};

/** @throws C1zError SSTITCH_C1Z_CORRUPT, like all functions of this file */
export function syncRunRecord(row: SyncRunRow): SyncRunRecord {
  const syncId = required(row.sync_id, 'sync_id');
  const record = create(SyncRunRecordSchema, {
    syncId,
    type: syncTypeOf(row),
    parentSyncId: row.parent_sync_id ?? '',
    startedAt: timestamp(row.started_at, 'started_at'),
    syncToken: row.sync_token,
    supportsDiff: row.supports_diff ?? false,
  });
  if (row.ended_at !== null) record.endedAt = timestamp(row.ended_at, 'ended_at');
  return record;
}

export function resourceTypeRecord(syncId: string, row: ObjectRow): ResourceTypeRecord {
  const message = decode(ResourceTypeSchema, row.data, 'data');
  return create(ResourceTypeRecordSchema, {
    syncId,
    externalId: required(message.id, 'id'),
    displayName: message.displayName,
    traits: message.traits.map((trait) => ResourceType_Trait[trait] ?? ''),
    annotations: message.annotations,
    discoveredAt: timestamp(row.discovered_at, 'discovered_at'),
    description: message.description,
    sourcedExternally: message.sourcedExternally,
  });
}

export function resourceRecord(syncId: string, row: ObjectRow): ResourceRecord {
  const message = decode(ResourceSchema, row.data, 'data');
  const record = create(ResourceRecordSchema, {
    syncId,
    resourceTypeId: required(message.id?.resourceType ?? '', 'id.resource_type'),
    resourceId: required(message.id?.resource ?? '', 'id.resource'),
    displayName: message.displayName,
    description: message.description,
    annotations: message.annotations,
    discoveredAt: timestamp(row.discovered_at, 'discovered_at'),
  });
  const parent = message.parentResourceId;
  if (parent !== undefined && parent.resource !== '') {
    record.parent = resourceRef(parent.resourceType, parent.resource);
  }
  return record;
}

export function entitlementRecord(syncId: string, row: ObjectRow): EntitlementRecord {
  const message = decode(EntitlementSchema, row.data, 'data');
  const { resource } = message;
  const record = create(EntitlementRecordSchema, {
    syncId,
    externalId: required(message.id, 'id'),
    displayName: message.displayName,
    description: message.description,
    purpose: purposeName(message.purpose),
    annotations: message.annotations,
    discoveredAt: timestamp(row.discovered_at, 'discovered_at'),
    slug: message.slug,
    grantableToResourceTypeIds: message.grantableTo.map(({ id }) => id).filter((id) => id !== ''),
  });
  if (resource !== undefined) {
    record.resource = resourceRef(resource.id?.resourceType ?? '', resource.id?.resource ?? '');
  }
  return record;
}

export function grantRecord(syncId: string, row: GrantRow): GrantRecord {
  const message = decode(GrantSchema, row.data, 'data');
  // Grants are nearly all of a file. `create` with values walks the message's fields; this does not.
  const record = create(GrantRecordSchema);
  record.syncId = syncId;
  record.externalId = required(message.id, 'id');
  record.discoveredAt = timestamp(row.discovered_at, 'discovered_at');
  const { entitlement, principal } = message;
  if (entitlement !== undefined) {
    const reference = create(EntitlementRefSchema);
    reference.resourceTypeId = entitlement.resource?.id?.resourceType ?? '';
    reference.resourceId = entitlement.resource?.id?.resource ?? '';
    reference.entitlementId = entitlement.id;
    record.entitlement = reference;
  }
  if (principal !== undefined) {
    const reference = create(PrincipalRefSchema);
    reference.resourceTypeId = principal.id?.resourceType ?? '';
    reference.resourceId = principal.id?.resource ?? '';
    record.principal = reference;
  }
  setExpansion(record, message.annotations, row);
  setSources(record, message);
  return record;
}

export function assetRecord(syncId: string, row: AssetRow): AssetRecord {
  return create(AssetRecordSchema, {
    syncId,
    externalId: required(row.external_id, 'external_id'),
    contentType: row.content_type,
    data: row.data,
    discoveredAt: timestamp(row.discovered_at, 'discovered_at'),
  });
}

function setExpansion(record: GrantRecord, annotations: readonly Any[], row: GrantRow): void {
  const found = annotations.findIndex((any) => anyIs(any, GrantExpandableSchema));
  record.annotations = annotations.filter((_, index) => index !== found);
  // An empty blob is how newer writers say "none".
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
  // fromEntries defines each key, so that one named __proto__ is a key like any other.
  record.sources = Object.fromEntries(
    Object.entries(sources.sources).map(([entitlementId, { isDirect }]) => [
      entitlementId,
      create(GrantSourceRecordSchema, { isDirect }),
    ]),
  );
}

function syncTypeOf(row: SyncRunRow): SyncType {
  if (row.sync_type === null) return row.is_partial === true ? SyncType.PARTIAL : SyncType.FULL;
  // A type that is not known yet is no reason to refuse the rest of the file.
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
    // Fields that this version does not know have no place in a record.
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw new C1zError(
      'SSTITCH_C1Z_CORRUPT',
      `${what} is no ${schema.typeName}: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

function required(value: string, what: string): string {
  if (value === '') throw new C1zError('SSTITCH_C1Z_CORRUPT', `${what} is empty`);
  return value;
}

function timestamp(text: string, what: string): Timestamp {
  const parsed = parseTimestamp(text);
  if (parsed === undefined) {
    throw new C1zError(
      'SSTITCH_C1Z_CORRUPT',
      `${what} is no time: ${JSON.stringify(text.slice(0, 64))}`,
    );
  }
  return parsed;
}
