// Who holds any of some entitlements, by principal: a merge of the streams of their grants.
//
// Memory: at most MAX_HELD_GRANTS grants as bytes, or MIN_PAGE_GRANTS an entitlement where those are more.
import type { EngineSnapshot, ReadableEngine } from '@sstitch/contract';
import { parseSyncId } from '@sstitch/keys';
import type { ResourceName } from '@sstitch/records';
import { throwIfAborted } from '../errors.js';
import { MinHeap } from '../heap.js';
import { GrantStream } from './grant-stream.js';
import type { StoredGrant } from './held-grant.js';

const MAX_HELD_GRANTS = 65_536;
const MIN_PAGE_GRANTS = 8;
const MAX_PAGE_GRANTS = 512;
/** Streams that are opened at the same time. */
const OPENED_TOGETHER = 16;

/** A principal, and its grants of the entitlements asked for: by entitlement, at least one. */
export interface Holder {
  readonly principal: ResourceName;
  readonly grants: ReadonlyMap<string, readonly StoredGrant[]>;
}

/** What {@link holdersOf} reads. */
export interface HoldersOptions {
  readonly snapshot: EngineSnapshot;
  readonly signal?: AbortSignal | undefined;
  /** Only principals after this one. */
  readonly after?: ResourceName | undefined;
  /** Grants of an entitlement that are read at a time, at most; fewer for a short answer. */
  readonly pageGrants?: number | undefined;
}

/** Who holds any of some entitlements, in the order of principals in keys. */
export async function* holdersOf(
  engine: ReadableEngine,
  syncId: string,
  entitlementIds: readonly string[],
  { snapshot, signal, after, pageGrants = MAX_PAGE_GRANTS }: HoldersOptions,
): AsyncGenerator<Holder, void, undefined> {
  const fairShare = Math.floor(MAX_HELD_GRANTS / Math.max(1, entitlementIds.length));
  const options = {
    engine,
    syncId: parseSyncId(syncId),
    snapshot,
    after,
    pageGrants: Math.min(pageGrants, Math.max(MIN_PAGE_GRANTS, fairShare)),
  };
  const heap = new MinHeap<GrantStream>(isBefore);
  for (let first = 0; first < entitlementIds.length; first += OPENED_TOGETHER) {
    throwIfAborted(signal);
    const streams = entitlementIds
      .slice(first, first + OPENED_TOGETHER)
      .map((entitlementId) => new GrantStream(entitlementId, options));
    await Promise.all(streams.map((stream) => stream.load()));
    for (const stream of streams) if (stream.current !== undefined) heap.push(stream);
  }

  for (let stream = heap.pop(); stream?.current !== undefined; stream = heap.pop()) {
    throwIfAborted(signal);
    const { principal, principalKey } = stream.current;
    const grants = new Map<string, StoredGrant[]>();
    for (;;) {
      const held: StoredGrant[] = [];
      while (stream.current?.principalKey === principalKey) {
        held.push(stream.current.grant);
        if (stream.advance()) await stream.load();
      }
      grants.set(stream.entitlementId, held);
      if (stream.current !== undefined) heap.push(stream);
      if (heap.least?.current?.principalKey !== principalKey) break;
      stream = heap.pop() as GrantStream;
    }
    yield { principal, grants };
  }
}

function isBefore(a: GrantStream, b: GrantStream): boolean {
  const [first, second] = [a.current, b.current];
  if (first === undefined || second === undefined) return first !== undefined;
  return first.principalKey < second.principalKey;
}
