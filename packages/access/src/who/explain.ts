// The ways by which a principal comes to an entitlement, from grants of its own.
//
// First the entitlements that lead to it are walked back, each once; then how far each is from a grant of the
// principal's own; then the ways are followed, always the one that will be shortest (A*, with the exact distance): a
// way is found for about as many steps as it has, however many ways there are.
import { MinHeap } from '../heap.js';
import type { Access } from './access.js';

/** Sources that connectors wrote may go in circles, where many beginnings of ways lead nowhere. */
const MAX_STEPS = 100_000;

/** Options of an explanation. */
export interface ExplainOptions {
  readonly signal?: AbortSignal | undefined;
  /** Ways at most, from 1 on. @defaultValue 10 */
  readonly maxPaths?: number;
}

/** A step of a way: the principal has this entitlement. */
export interface PathStep extends Pick<Access, 'entitlementId' | 'resource' | 'grantIds'> {
  /**
   * The grant by which the step before leads to this one: a grant of this entitlement to a group, say, which expands
   * to the group's members. Undefined for the first step, and where no grant says so any more.
   */
  readonly linkGrantId: string | undefined;
}

/** A way: a grant of the principal's own first, what is explained last. */
export type AccessPath = readonly PathStep[];

/** Why a principal has an entitlement. */
export interface Explanation {
  readonly access: Access;
  /** The shortest first. None where the grants say that it is derived, but not from what. */
  readonly paths: readonly AccessPath[];
  /** Whether there are more ways than those. */
  readonly hasMore: boolean;
}

/** What an explanation asks of the sync. */
export interface AccessLookup {
  /** What the principal has. */
  readonly accessTo: (entitlementId: string) => Promise<Access | undefined>;
  /** The grant by which an entitlement leads to another. */
  readonly linkTo: (entitlementId: string, sourceId: string) => Promise<string | undefined>;
}

/** The beginning of a way, walked from its end: the entitlement it has come to, and where from. */
interface Walk {
  readonly access: Access;
  readonly next: Walk | undefined;
  readonly length: number;
}

/** Explains an entitlement; undefined where the principal does not have it. */
export async function explain(
  entitlementId: string,
  maxPaths: number,
  { accessTo, linkTo }: AccessLookup,
): Promise<Explanation | undefined> {
  const known = await leadingTo(entitlementId, accessTo);
  const access = known.get(entitlementId);
  if (access === undefined) return undefined;
  const distances = distancesFrom(known);
  const lengthOf = ({ access: { entitlementId: id }, length }: Walk): number =>
    length + (distances.get(id) ?? Number.POSITIVE_INFINITY);
  // Of walks that will be of one length the longer goes on: else all beginnings would be walked first.
  const queue = new MinHeap<Walk>(
    (a, b) => lengthOf(a) < lengthOf(b) || (lengthOf(a) === lengthOf(b) && a.length > b.length),
  );
  const enqueue = (walk: Walk): void => {
    if (Number.isFinite(lengthOf(walk))) queue.push(walk);
  };
  const found: Walk[] = [];
  enqueue({ access, next: undefined, length: 0 });
  let steps = 0;
  for (let walk = queue.pop(); walk !== undefined && found.length <= maxPaths; walk = queue.pop()) {
    if (++steps > MAX_STEPS) break;
    if (walk.access.isDirect) found.push(walk);
    for (const { entitlementId: id } of walk.access.sources) {
      const source = known.get(id);
      if (source === undefined || visits(walk, id)) continue;
      enqueue({ access: source, next: walk, length: walk.length + 1 });
    }
  }
  const paths = await Promise.all(found.slice(0, maxPaths).map((walk) => pathOf(walk, linkTo)));
  return { access, paths, hasMore: found.length > maxPaths || steps > MAX_STEPS };
}

/** What the principal has of an entitlement and of all that it follows from. */
async function leadingTo(
  entitlementId: string,
  accessTo: AccessLookup['accessTo'],
): Promise<ReadonlyMap<string, Access>> {
  const known = new Map<string, Access>();
  const queue = [entitlementId];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (known.has(id)) continue;
    const access = await accessTo(id);
    if (access === undefined) continue;
    known.set(id, access);
    for (const source of access.sources) queue.push(source.entitlementId);
  }
  return known;
}

/** How many steps each entitlement is from a grant of the principal's own. */
function distancesFrom(known: ReadonlyMap<string, Access>): ReadonlyMap<string, number> {
  const followers = new Map<string, string[]>();
  for (const { entitlementId, sources } of known.values()) {
    for (const source of sources) {
      const ofSource = followers.get(source.entitlementId) ?? [];
      followers.set(source.entitlementId, ofSource);
      ofSource.push(entitlementId);
    }
  }
  const distances = new Map<string, number>();
  let reached = new Set<string>();
  for (const { entitlementId, isDirect } of known.values())
    if (isDirect) reached.add(entitlementId);
  for (let distance = 0; reached.size > 0; distance++) {
    const fresh = [...reached].filter((id) => !distances.has(id));
    for (const id of fresh) distances.set(id, distance);
    reached = new Set(fresh.flatMap((id) => followers.get(id) ?? []));
  }
  return distances;
}

/** Sources that connectors wrote may go in a circle. */
function visits(walk: Walk, entitlementId: string): boolean {
  for (let step: Walk | undefined = walk; step !== undefined; step = step.next) {
    if (step.access.entitlementId === entitlementId) return true;
  }
  return false;
}

async function pathOf(first: Walk, linkTo: AccessLookup['linkTo']): Promise<AccessPath> {
  const path: PathStep[] = [];
  let before: string | undefined;
  for (let walk: Walk | undefined = first; walk !== undefined; walk = walk.next) {
    const { entitlementId, resource, grantIds } = walk.access;
    const linkGrantId = before === undefined ? undefined : await linkTo(entitlementId, before);
    path.push({ entitlementId, resource, grantIds, linkGrantId });
    before = entitlementId;
  }
  return path;
}
