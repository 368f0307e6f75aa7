// Lists a sync's records in key order, and describes one of them.
import { type ResourceRecord, StatusRecord_ResourceStatus } from '@sstitch/records';
import type {
  EntitlementShape,
  GrantShape,
  ListedResourceShape,
  NamedEntitlement,
  ResourceShape,
} from '../shapes.js';
import { shortName } from '../view/stored-names.js';
import { type AnyList, listOf, notFound, type Question } from './question.js';
import { timeText } from './sync-list.js';

/** Descriptions are truncated to this length. An export has all of them. */
const MAX_TEXT_CHARACTERS = 2000;

/** Lists resources, of one type if it is given. */
export async function listResources({ view, parameters, signal }: Question): Promise<AnyList> {
  const resourceTypeId = parameters.optionalId('type');
  const syncId = parameters.syncId();
  const names = view.lookup(syncId);
  const list = view.records.listResources(syncId, {
    snapshot: view.snapshot,
    signal,
    ...(resourceTypeId !== undefined && { resourceTypeId }),
  });
  return listOf<ListedResourceShape>({
    columns: ['resource_type_id', 'resource_id', 'display_name', 'status', 'description'],
    page: async (limit, cursor) => {
      const { records, next } = await list.page({ limit, ...(cursor !== undefined && { cursor }) });
      const items = records.map(async (record) => resourceShape(record, await parentOf(record)));
      return { items: await Promise.all(items), next: next ?? null };
    },
    row: ({ type, id, name, status, description }) => [type, id, name, status, description],
  });

  async function parentOf({ parent }: ResourceRecord) {
    return parent === undefined ? null : names.resource(parent);
  }
}

/** Describes a resource. @throws ExploreError SSTITCH_NOT_FOUND */
export async function describeResource(question: Question): Promise<ResourceShape> {
  const { view, parameters } = question;
  const syncId = parameters.syncId();
  const name = parameters.resource();
  const record = await view.records.getResource(syncId, name, { snapshot: view.snapshot });
  if (record === undefined) {
    throw notFound(`resource ${JSON.stringify(name.resourceId)} of type ${name.resourceTypeId}`);
  }
  const { parent } = record;
  const names = view.lookup(syncId);
  return {
    ...resourceShape(record, parent === undefined ? null : await names.resource(parent)),
    profile: record.profile ?? null,
  };
}

/** Lists entitlements, of one resource if it is given. */
export async function listEntitlements({ view, parameters, signal }: Question): Promise<AnyList> {
  const syncId = parameters.syncId();
  const names = view.lookup(syncId);
  const options = { snapshot: view.snapshot, signal };
  const list =
    parameters.optionalId('type') === undefined
      ? view.records.listEntitlements(syncId, options)
      : view.records.listEntitlementsByResource(syncId, parameters.resource(), options);
  return listOf<NamedEntitlement>({
    columns: ['entitlement_id', 'display_name', ...resourceColumns('resource')],
    page: async (limit, cursor) => {
      const { records, next } = await list.page({ limit, ...(cursor !== undefined && { cursor }) });
      const items = records.map(async ({ externalId: id, displayName, slug, resource }) => ({
        id,
        name: shortName(displayName || slug),
        resource: resource === undefined ? null : await names.resource(resource),
      }));
      return { items: await Promise.all(items), next: next ?? null };
    },
    row: entitlementCells,
  });
}

/** Describes an entitlement. @throws ExploreError SSTITCH_NOT_FOUND */
export async function describeEntitlement(question: Question): Promise<EntitlementShape> {
  const { view, parameters } = question;
  const syncId = parameters.syncId();
  const id = parameters.text('id');
  const record = await view.records.getEntitlement(syncId, id, { snapshot: view.snapshot });
  if (record === undefined) throw notFound(`entitlement ${JSON.stringify(id)}`);
  return {
    ...(await view.lookup(syncId).entitlement(id)),
    description: shortText(record.description),
    slug: record.slug,
    purpose: record.purpose.toLowerCase(),
    grantableTo: record.grantableToResourceTypeIds,
    discoveredAt: timeText(record.discoveredAt),
  };
}

/** Lists grants. */
export async function listGrants({ view, parameters, signal }: Question): Promise<AnyList> {
  const syncId = parameters.syncId();
  const names = view.lookup(syncId);
  const list = view.records.listGrants(syncId, { snapshot: view.snapshot, signal });
  const nowhere = { resourceTypeId: '', resourceId: '' };
  return listOf<GrantShape>({
    columns: ['grant_id', ...resourceColumns('principal'), ...ENTITLEMENT_COLUMNS, 'discovered_at'],
    page: async (limit, cursor) => {
      const { records, next } = await list.page({ limit, ...(cursor !== undefined && { cursor }) });
      const items = records.map(async (grant) => ({
        id: grant.externalId,
        principal: await names.resource(grant.principal ?? nowhere),
        entitlement: await names.entitlement(
          grant.entitlement?.entitlementId ?? '',
          grant.entitlement,
        ),
        discoveredAt: timeText(grant.discoveredAt),
        expandsFrom: grant.expansion?.entitlementIds ?? [],
      }));
      return { items: await Promise.all(items), next: next ?? null };
    },
    row: ({ id, principal, entitlement, discoveredAt }) => [
      ...[id, principal.type, principal.id, principal.name],
      ...entitlementCells(entitlement),
      discoveredAt ?? '',
    ],
  });
}

/** Names the CSV columns of a resource. */
export function resourceColumns(what: string): readonly string[] {
  return [`${what}_type_id`, `${what}_id`, `${what}_name`];
}

/** The CSV columns of an entitlement. */
export const ENTITLEMENT_COLUMNS: readonly string[] = [
  ...['entitlement_id', 'entitlement_name'],
  ...resourceColumns('resource'),
];

/** Returns the CSV cells of an entitlement. */
export function entitlementCells({ id, name, resource }: NamedEntitlement): readonly string[] {
  return [id, name, resource?.type ?? '', resource?.id ?? '', resource?.name ?? ''];
}

function resourceShape(
  record: ResourceRecord,
  parent: ListedResourceShape['parent'],
): ListedResourceShape {
  const status = record.status?.status ?? StatusRecord_ResourceStatus.UNSPECIFIED;
  const isKnown = status !== StatusRecord_ResourceStatus.UNSPECIFIED;
  return {
    type: record.resourceTypeId,
    id: record.resourceId,
    name: shortName(record.displayName),
    description: shortText(record.description),
    parent,
    status: isKnown ? (StatusRecord_ResourceStatus[status] ?? String(status)).toLowerCase() : '',
    discoveredAt: timeText(record.discoveredAt),
  };
}

function shortText(text: string): string {
  return text.length > MAX_TEXT_CHARACTERS ? `${text.slice(0, MAX_TEXT_CHARACTERS)}…` : text;
}
