// Translates stored records (c1.storage.v3) to messages of connectors (c1.connector.v2) in rows of a format 1
// database. The inverse of translate.ts, by the rules of baton-sdk's own translation:
//
// - references become messages with only identities
// - an expansion is in the row's columns, not among the annotations
// - names of traits and of a purpose become numbers; unknown names become 0
// - an undefined time becomes Go's zero time
//
// Anything else in a record is kept beside its row (kept-records.ts).
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AssetRecord,
  type EntitlementRecord,
  type GrantRecord,
  type ResourceRecord,
  type ResourceTypeRecord,
  type SyncRunRecord,
  SyncType,
} from '@sstitch/records';
import {
  AssetRefSchema,
  Entitlement_PurposeValue,
  EntitlementSchema,
  GrantExpandableSchema,
  GrantSchema,
  GrantSources_GrantSourceSchema,
  GrantSourcesSchema,
  type ResourceId,
  ResourceIdSchema,
  ResourceSchema,
  ResourceType_Trait,
  ResourceTypeSchema,
  StatusSchema,
} from '../gen/c1/connector/v2/connector_pb.js';
import type {
  AssetRow,
  EntitlementRow,
  GrantRow,
  ResourceRow,
  ResourceTypeRow,
  SyncRunRow,
} from './sync-tables.js';
import { formatTimestamp } from './timestamps.js';
import type { Zone } from './zones.js';

const SYNC_TYPES: Readonly<Record<number, string>> = {
  [SyncType.FULL]: 'full',
  [SyncType.PARTIAL]: 'partial',
  [SyncType.RESOURCES_ONLY]: 'resources_only',
  [SyncType.PARTIAL_UPSERTS]: 'partial_upserts',
  [SyncType.PARTIAL_DELETIONS]: 'partial_deletions',
};

/** Translates a run. @param zone the zone in which times are written, in all functions of this file */
export function syncRunRow(record: SyncRunRecord, zone: Zone): SyncRunRow {
  const { endedAt, ingestInvariantGeneration: generation } = record;
  return {
    sync_id: record.syncId,
    started_at: formatTimestamp(record.startedAt, zone),
    ended_at: endedAt === undefined ? null : formatTimestamp(endedAt, zone),
    sync_token: record.syncToken,
    sync_type: SYNC_TYPES[record.type] ?? '',
    is_partial: null,
    parent_sync_id: record.parentSyncId,
    linked_sync_id: record.linkedSyncId,
    supports_diff: record.supportsDiff,
    ingest_invariant_generation: generation,
    ingest_invariant_coverage:
      generation === '' ? '' : JSON.stringify(record.ingestInvariantCoverage),
    ingest_invariant_mode: record.ingestInvariantMode,
  };
}

export function resourceTypeRow(record: ResourceTypeRecord, zone: Zone): ResourceTypeRow {
  const message = create(ResourceTypeSchema, {
    id: record.externalId,
    displayName: record.displayName,
    traits: record.traits.map((name) => numberOf(ResourceType_Trait, name)),
    annotations: record.annotations,
    description: record.description,
    sourcedExternally: record.sourcedExternally,
  });
  return {
    external_id: record.externalId,
    data: toBinary(ResourceTypeSchema, message),
    discovered_at: formatTimestamp(record.discoveredAt, zone),
  };
}

export function resourceRow(record: ResourceRecord, zone: Zone): ResourceRow {
  const { resourceTypeId, resourceId, parent, profile, status, createdAt } = record;
  const hasParent = parent !== undefined && parent.resourceId !== '';
  const message = create(ResourceSchema, {
    id: idOf(resourceTypeId, resourceId),
    displayName: record.displayName,
    annotations: record.annotations,
    description: record.description,
    ...(hasParent && { parentResourceId: idOf(parent.resourceTypeId, parent.resourceId) }),
    ...(profile && { profile }),
    ...(record.iconAssetExternalId !== '' && {
      icon: create(AssetRefSchema, { id: record.iconAssetExternalId }),
    }),
    ...(status && {
      status: create(StatusSchema, { status: status.status as number, details: status.details }),
    }),
    ...(createdAt && { createdAt }),
  });
  return {
    resource_type_id: resourceTypeId,
    external_id: `${resourceTypeId}:${resourceId}`,
    parent_resource_type_id: hasParent ? parent.resourceTypeId : null,
    parent_resource_id: hasParent ? parent.resourceId : null,
    data: toBinary(ResourceSchema, message),
    discovered_at: formatTimestamp(record.discoveredAt, zone),
  };
}

export function entitlementRow(record: EntitlementRecord, zone: Zone): EntitlementRow {
  const { resource } = record;
  const message = create(EntitlementSchema, {
    id: record.externalId,
    displayName: record.displayName,
    description: record.description,
    grantableTo: record.grantableToResourceTypeIds.map((id) => create(ResourceTypeSchema, { id })),
    annotations: record.annotations,
    purpose: numberOf(Entitlement_PurposeValue, record.purpose),
    slug: record.slug,
    ...(resource && {
      resource: create(ResourceSchema, { id: idOf(resource.resourceTypeId, resource.resourceId) }),
    }),
  });
  return {
    resource_type_id: resource?.resourceTypeId ?? '',
    resource_id: resource?.resourceId ?? '',
    external_id: record.externalId,
    data: toBinary(EntitlementSchema, message),
    discovered_at: formatTimestamp(record.discoveredAt, zone),
  };
}

export function grantRow(record: GrantRecord, zone: Zone): GrantRow {
  const { entitlement, principal, expansion } = record;
  const sources = Object.entries(record.sources);
  const message = create(GrantSchema, {
    id: record.externalId,
    annotations: record.annotations,
    ...(entitlement && {
      entitlement: create(EntitlementSchema, {
        id: entitlement.entitlementId,
        resource: create(ResourceSchema, {
          id: idOf(entitlement.resourceTypeId, entitlement.resourceId),
        }),
      }),
    }),
    ...(principal && {
      principal: create(ResourceSchema, {
        id: idOf(principal.resourceTypeId, principal.resourceId),
        ...(principal.parentResourceId !== '' && {
          parentResourceId: idOf(principal.parentResourceTypeId, principal.parentResourceId),
        }),
      }),
    }),
    ...(sources.length > 0 && {
      sources: create(GrantSourcesSchema, {
        sources: Object.fromEntries(
          sources.map(([id, { isDirect }]) => [
            id,
            create(GrantSources_GrantSourceSchema, { isDirect }),
          ]),
        ),
      }),
    }),
  });
  return {
    resource_type_id: entitlement?.resourceTypeId ?? '',
    resource_id: entitlement?.resourceId ?? '',
    entitlement_id: entitlement?.entitlementId ?? '',
    principal_resource_type_id: principal?.resourceTypeId ?? '',
    principal_resource_id: principal?.resourceId ?? '',
    external_id: record.externalId,
    expansion:
      expansion === undefined
        ? null
        : toBinary(
            GrantExpandableSchema,
            create(GrantExpandableSchema, {
              entitlementIds: expansion.entitlementIds,
              shallow: expansion.shallow,
              resourceTypeIds: expansion.resourceTypeIds,
            }),
          ),
    needs_expansion: record.needsExpansion,
    data: toBinary(GrantSchema, message),
    discovered_at: formatTimestamp(record.discoveredAt, zone),
  };
}

export function assetRow(record: AssetRecord, zone: Zone): AssetRow {
  return {
    external_id: record.externalId,
    content_type: record.contentType,
    data: record.data,
    discovered_at: formatTimestamp(record.discoveredAt, zone),
  };
}

function idOf(resourceType: string, resource: string): ResourceId {
  return create(ResourceIdSchema, { resourceType, resource });
}

/** The number of a name in an enum; 0 for an unknown name. */
function numberOf(names: Readonly<Record<string, string | number>>, name: string): number {
  const number = Object.hasOwn(names, name) ? names[name] : undefined;
  return typeof number === 'number' ? number : 0;
}
