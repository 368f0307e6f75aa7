// Random nested groups: an explanation has all ways through the graph, and no others, before and after expansion.
import { takeSnapshot } from '@sstitch/contract';
import type { GrantRecord, ResourceName } from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { grant, group, member, SYNC, user, writeSync } from '../../test/access-records.js';
import { expandSync } from '../expand/expand-sync.js';
import type { EntitlementGraph } from '../graph/entitlement-graph.js';
import { loadGraph } from '../graph/load-graph.js';
import { openAccess } from './sync-access.js';

const GROUPS = Array.from({ length: 6 }, (_, number) => `g${number}`);
const PRINCIPALS = [user('ann'), user('bob'), ...GROUPS.map(group)];

const groupId = fc.constantFrom(...GROUPS);
const anyGrants: fc.Arbitrary<GrantRecord[]> = fc
  .uniqueArray(
    fc.record({
      groupId,
      principal: fc.oneof(groupId.map(group), fc.constantFrom('ann', 'bob').map(user)),
      expands: fc.boolean(),
      shallow: fc.boolean(),
      types: fc.oneof(fc.constant([]), fc.subarray(['user', 'group', 'service'])),
    }),
    { maxLength: 22, selector: ({ groupId: id, principal }) => JSON.stringify([id, principal]) },
  )
  .map((memberships) =>
    memberships.map(({ groupId: id, principal, expands, shallow, types }) => {
      const expansion = { from: [principal.resourceId], shallow, types };
      return grant(id, principal, expands && principal.resourceTypeId === 'group' ? expansion : {});
    }),
  );

/** Walks all ways of a principal through the graph; returns them by the entitlement at their end. */
function waysOf(
  { resourceTypeId, resourceId }: ResourceName,
  grants: readonly GrantRecord[],
  graph: EntitlementGraph,
): Map<string, string[]> {
  const ways = new Map<string, string[]>();
  const walk = (way: readonly string[]): void => {
    const end = way.at(-1) ?? '';
    ways.set(end, [...(ways.get(end) ?? []), way.join(' > ')]);
    for (const next of GROUPS) {
      const edge = way.includes(next) ? undefined : graph.edgeBetween(end, next);
      if (edge === undefined || (edge.isShallow && way.length > 1)) continue;
      if (edge.resourceTypeIds?.has(resourceTypeId) === false) continue;
      walk([...way, next]);
    }
  };
  for (const { principal, entitlement } of grants) {
    const isOwn =
      principal?.resourceTypeId === resourceTypeId && principal.resourceId === resourceId;
    if (isOwn) walk([entitlement?.entitlementId ?? '']);
  }
  return ways;
}

test.each(['before', 'after'])(
  'explains access by all its ways and no others, %s expansion',
  async (when) => {
    await fc.assert(
      fc.asyncProperty(anyGrants, async (grants) => {
        const engine = new ModelEngine();
        await writeSync(engine, [...GROUPS.map(member), ...grants]);
        const snapshot = await takeSnapshot(engine);
        const { graph } = await loadGraph(engine, SYNC, { snapshot, mismatches: 'refuse' });
        await snapshot.close();
        if (when === 'after') await expandSync(engine, SYNC);
        const access = await openAccess(engine, SYNC);
        for (const principal of PRINCIPALS) {
          const ways = waysOf(principal, grants, graph);
          for (const id of GROUPS) {
            const explanation = await access.explain(principal, id, { maxPaths: 10_000 });
            const found = explanation?.paths.map((path) =>
              path.map(({ entitlementId }) => entitlementId).join(' > '),
            );
            expect(found?.toSorted()).toEqual(ways.get(id)?.toSorted());
            const lengths = explanation?.paths.map(({ length }) => length);
            expect(lengths).toEqual(lengths?.toSorted((a, b) => a - b));
          }
        }
        await access.close();
      }),
      { numRuns: 60 },
    );
  },
);
