// Creates random syncs of nested groups, as input of the Baton program and as records.
import { create } from '@bufbuild/protobuf';
import { EntitlementRecordSchema, GrantRecordSchema } from '@sstitch/records';

const TYPES = ['user', 'group', 'service'];
const PRINCIPALS = ['ann', 'bob', 'cid'];
const MAX_GRANTS = 40;

/** Creates a sync. Entitlement `g0` is the membership of group `g0`. */
export function randomSync(random) {
  const entitlements = Array.from({ length: 2 + random.next(9) }, (_, number) => `g${number}`);
  const grants = new Map();
  for (let left = random.next(MAX_GRANTS); left > 0; left -= 1) {
    const isGroup = random.next(2) === 0;
    const entitlement = random.pick(entitlements);
    const type = isGroup ? 'group' : random.pick(['user', 'service']);
    const principal = random.pick(isGroup ? entitlements : PRINCIPALS);
    const name = `${entitlement}:${type}:${principal}`;
    // Two grants may have the same entitlement and principal.
    const id = random.next(10) === 0 ? `second ${name}` : name;
    const from = isGroup && random.next(3) > 0 ? [principal] : [];
    if (from.length > 0 && random.next(12) === 0) from.push('missing');
    grants.set(id, {
      ...{ id, entitlement, type, principal, from },
      shallow: random.next(3) === 0,
      types: random.next(2) === 0 ? [] : TYPES.filter(() => random.next(2) === 0),
      sources: random.next(6) === 0 ? randomSources(random, entitlement, entitlements) : {},
    });
  }
  return { entitlements, grants: [...grants.values()] };
}

function randomSources(random, own, entitlements) {
  const names = [random.next(3) === 0 ? own : random.pick(entitlements), random.pick(entitlements)];
  return Object.fromEntries(names.map((name) => [name, random.next(2) === 0]));
}

export function recordsOf({ entitlements, grants }, syncId) {
  return [
    ...entitlements.map((externalId) => {
      const resource = { resourceTypeId: 'group', resourceId: externalId };
      return create(EntitlementRecordSchema, { syncId, externalId, resource });
    }),
    ...grants.map(({ id, entitlement, type, principal, from, shallow, types, sources }) =>
      create(GrantRecordSchema, {
        ...{ syncId, externalId: id, needsExpansion: from.length > 0 },
        entitlement: {
          resourceTypeId: 'group',
          resourceId: entitlement,
          entitlementId: entitlement,
        },
        principal: { resourceTypeId: type, resourceId: principal },
        ...(from.length > 0 && {
          expansion: { entitlementIds: from, shallow, resourceTypeIds: types },
        }),
        sources: Object.fromEntries(
          Object.entries(sources).map(([name, isDirect]) => [name, { isDirect }]),
        ),
      }),
    ),
  ];
}
