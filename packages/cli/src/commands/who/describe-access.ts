// Describes access with names, as documents and as text.
import type { Access, AccessPath } from '@sstitch/access';
import type { ResourceName } from '@sstitch/records';
import { keyOf, type RecordNames } from '../../records/record-names.js';

const ARROW = ' → ';

/** A resource with its name. */
interface NamedResource extends ResourceName {
  readonly displayName: string;
}

/** An access for --json. */
export interface DescribedAccess {
  readonly principal: NamedResource;
  readonly entitlement: { readonly id: string; readonly displayName: string };
  readonly resource: NamedResource | null;
  readonly grantIds: readonly string[];
  readonly isDirect: boolean;
  readonly sources: Access['sources'];
  /** The ways to it, the shortest first; only with --why. */
  readonly paths?: ReadonlyArray<
    ReadonlyArray<{
      readonly entitlementId: string;
      readonly grantIds: readonly string[];
      readonly linkGrantId: string | null;
    }>
  >;
}

export async function describeAccess(
  names: RecordNames,
  access: Access,
  paths: readonly AccessPath[] | undefined,
): Promise<DescribedAccess> {
  const { principal, entitlementId, grantIds, isDirect, sources } = access;
  const { displayName, resource = access.resource } = await names.entitlement(entitlementId);
  return {
    principal: await namedResource(names, principal),
    entitlement: { id: entitlementId, displayName },
    resource: resource === undefined ? null : await namedResource(names, resource),
    ...{ grantIds, isDirect, sources },
    ...(paths && {
      paths: paths.map((path) =>
        path.map((step) => ({
          entitlementId: step.entitlementId,
          grantIds: step.grantIds,
          linkGrantId: step.linkGrantId ?? null,
        })),
      ),
    }),
  };
}

/** Formats an entitlement as `Apollo: admin`. */
export async function entitlementText(
  names: RecordNames,
  entitlementId: string,
  fallback?: ResourceName,
): Promise<string> {
  const { name, resource = fallback } = await names.entitlement(entitlementId);
  return resource === undefined ? name : `${await names.resource(resource)}: ${name}`;
}

/** The sources of an access: `direct`, or the entitlements one step away. */
export async function sourcesText(names: RecordNames, access: Access): Promise<string> {
  const sources = await Promise.all(
    access.sources.map(({ entitlementId }) => entitlementText(names, entitlementId)),
  );
  const through = sources.length === 0 ? [] : [`through ${sources.join(', ')}`];
  return [...(access.isDirect ? ['direct'] : []), ...through].join(', ');
}

/** Formats a way as text: the principal, and each step. */
export async function pathText(
  names: RecordNames,
  principal: ResourceName,
  path: AccessPath,
): Promise<string> {
  const steps = path.map(({ entitlementId, resource }) =>
    entitlementText(names, entitlementId, resource),
  );
  return [await names.resource(principal), ...(await Promise.all(steps))].join(ARROW);
}

/** Formats a resource as `Ann Lee (user/ann)`. */
export async function resourceText(names: RecordNames, resource: ResourceName): Promise<string> {
  const name = await names.displayNameOf(resource);
  return name === '' ? keyOf(resource) : `${name} (${keyOf(resource)})`;
}

async function namedResource(names: RecordNames, resource: ResourceName): Promise<NamedResource> {
  const { resourceTypeId, resourceId } = resource;
  return { resourceTypeId, resourceId, displayName: await names.displayNameOf(resource) };
}
