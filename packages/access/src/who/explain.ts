// Finds the paths from a principal's direct grants to an entitlement.
//
// The first pass walks back over the entitlements that lead to it, each once. The second finds the distance of each
// from a direct grant. The third extends paths, always the one that will be shortest (A* with the exact distance), so
// the cost of a path is about its length, however many paths there are.
import { MinHeap } from '../heap.js';
import type { Access } from './access.js';

/** Bounds the search, because sources that connectors wrote may form cycles, in which many walks lead nowhere. */
const MAX_STEPS = 100_000;

/** Options of an explanation. */
export interface ExplainOptions {
  /** Ends the search with SSTITCH_ABORTED. */
  readonly signal?: AbortSignal | undefined;
  /** The most paths to return, at least 1. @defaultValue 10 */
  readonly maxPaths?: number;
}

/** A step of a path: the principal has this entitlement. */
export interface PathStep extends Pick<Access, 'entitlementId' | 'resource' | 'grantIds'> {
  /**
   * The grant by which the previous step leads to this one, such as a grant of this entitlement to a group, which
   * expands to the group's members. Undefined for the first step, and if the sync no longer holds the grant.
   */
  readonly linkGrantId: string | undefined;
}

/** A path, from a direct grant to the explained entitlement. */
export type AccessPath = readonly PathStep[];

/** Why a principal has an entitlement. */
export interface Explanation {
  /** The explained access. */
  readonly access: Access;
  /** The paths, shortest first. Empty if the grants say that the access is derived, but not from what. */
  readonly paths: readonly AccessPath[];
  /** Whether there are more paths than these. */
  readonly hasMore: boolean;
}

/** The lookups that an explanation needs. */
export interface AccessLookup {
  /** Finds the principal's access to an entitlement. */
  readonly accessTo: (entitlementId: string) => Promise<Access | undefined>;
  /** Reports whether an entitlement follows from a source only if the principal has the source by a grant of its own. */
  readonly isShallow: (entitlementId: string, sourceId: string) => boolean;
  /**
   * Finds the grant by which an entitlement leads to another.
   *
   * @param isDirect whether the principal has the source by a grant of its own
   */
  readonly linkTo: (
    entitlementId: string,
    sourceId: string,
    isDirect: boolean,
  ) => Promise<string | undefined>;
}

/** A partial path, walked back from its end: the entitlement reached, and the walk that led to it. */
interface Walk {
  readonly access: Access;
  readonly next: Walk | undefined;
  readonly length: number;
  /** Whether the path must begin here, because the link to the next step passes only direct access. */
  readonly isComplete: boolean;
}

/** Explains why the principal has an entitlement. Returns undefined if it does not have it. */
export async function explain(
  entitlementId: string,
  maxPaths: number,
  { accessTo, isShallow, linkTo }: AccessLookup,
): Promise<Explanation | undefined> {
  const known = await leadingTo(entitlementId, accessTo);
  const access = known.get(entitlementId);
  if (access === undefined) return undefined;
  const distances = distancesFrom(known, isShallow);
  const lengthOf = ({
    access: { entitlementId: id, isDirect },
    length,
    isComplete,
  }: Walk): number =>
    isComplete && !isDirect
      ? Number.POSITIVE_INFINITY
      : length + (distances.get(id) ?? Number.POSITIVE_INFINITY);
  // A longer walk wins a tie of expected lengths. Otherwise the search would extend all short walks first.
  const queue = new MinHeap<Walk>(
    (a, b) => lengthOf(a) < lengthOf(b) || (lengthOf(a) === lengthOf(b) && a.length > b.length),
  );
  const enqueue = (walk: Walk): void => {
    if (Number.isFinite(lengthOf(walk))) queue.push(walk);
  };
  const found: Walk[] = [];
  enqueue({ access, next: undefined, length: 0, isComplete: false });
  let steps = 0;
  for (let walk = queue.pop(); walk !== undefined && found.length <= maxPaths; walk = queue.pop()) {
    if (++steps > MAX_STEPS) break;
    if (walk.access.isDirect) found.push(walk);
    if (walk.isComplete) continue;
    for (const { entitlementId: id } of walk.access.sources) {
      const source = known.get(id);
      if (source === undefined || visits(walk, id)) continue;
      const isComplete = isShallow(walk.access.entitlementId, id);
      enqueue({ access: source, next: walk, length: walk.length + 1, isComplete });
    }
  }
  const paths = await Promise.all(found.slice(0, maxPaths).map((walk) => pathOf(walk, linkTo)));
  return { access, paths, hasMore: found.length > maxPaths || steps > MAX_STEPS };
}

/** Finds the principal's access to an entitlement and to all entitlements from which it follows. */
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

/** Returns the number of steps of each entitlement from a direct grant. */
function distancesFrom(
  known: ReadonlyMap<string, Access>,
  isShallow: AccessLookup['isShallow'],
): ReadonlyMap<string, number> {
  const followers = new Map<string, string[]>();
  for (const { entitlementId, sources } of known.values()) {
    for (const { entitlementId: source } of sources) {
      if (isShallow(entitlementId, source) && known.get(source)?.isDirect !== true) continue;
      const ofSource = followers.get(source) ?? [];
      followers.set(source, ofSource);
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

/** Reports whether a walk has visited an entitlement, because sources that connectors wrote may form a cycle. */
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
    const isDirect = path.length === 1;
    const linkGrantId =
      before === undefined ? undefined : await linkTo(entitlementId, before, isDirect);
    path.push({ entitlementId, resource, grantIds, linkGrantId });
    before = entitlementId;
  }
  return path;
}
