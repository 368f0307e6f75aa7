// Finds the principals that hold any of some entitlements, by a merge of the streams of their grants.
//
// Memory: at most MAX_HELD_GRANTS grants as bytes, or MIN_PAGE_GRANTS per entitlement if that is more.
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
/** The number of streams opened concurrently. */
const OPENED_TOGETHER = 16;

/** A principal and its grants, at least one, by entitlement. */
export interface Holder {
  readonly principal: ResourceName;
  readonly grants: ReadonlyMap<string, readonly StoredGrant[]>;
}

/** Options of {@link holdersOf}. */
export interface HoldersOptions {
  readonly snapshot: EngineSnapshot;
  readonly signal?: AbortSignal | undefined;
  /** Limits the result to principals after this one. */
  readonly after?: ResourceName | undefined;
  /** The most grants of an entitlement to read at a time. Use fewer for a short answer. */
  readonly pageGrants?: number | undefined;
}

/** Yields the principals that hold any of some entitlements, in key order. */
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
