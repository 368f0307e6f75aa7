// Searches resources as the user types: by the beginning of their ids, then by any part of their names or ids.
//
// Keys are in the order of ids. Names are in no index, so a call scans resources up to a limit, and a cursor continues
// the scan. Case is ignored.
import { type EngineSnapshot, type ReadableEngine, takeSnapshot } from '@sstitch/contract';
import { type ResourceRecord, SyncReader } from '@sstitch/records';
import { AccessError } from '../errors.js';

const DEFAULT_LIMIT = 20;
const DEFAULT_MAX_SCANNED = 100_000;

/** Options of {@link searchResources}. */
export interface SearchResourcesOptions {
  /** Limits the search to resources of this type. @defaultValue all types */
  readonly resourceTypeId?: string | undefined;
  /** The most resources to return, at least 1. @defaultValue 20 */
  readonly limit?: number | undefined;
  /** The most resources to read, at least 1. @defaultValue 100,000 */
  readonly maxScanned?: number | undefined;
  /** Continues after this resource, `last` of the previous page. @defaultValue the first page */
  readonly after?: ResourceRecord | undefined;
  /** The state of the engine to search. @defaultValue the current state */
  readonly snapshot?: EngineSnapshot | undefined;
  /** Aborts the search between two reads of the engine. */
  readonly signal?: AbortSignal | undefined;
}

/** The result of a search. */
export interface FoundResources {
  /** The resources found: first those whose id or name begins with the text, then by key. */
  readonly resources: readonly ResourceRecord[];
  /** The last resource that was read, after which the search can continue. Undefined if all were read. */
  readonly last: ResourceRecord | undefined;
}

/**
 * Finds resources whose name or id contains a text.
 *
 * @throws {@link AccessError} SSTITCH_OPTION_INVALID; RecordsError as lists do.
 */
export async function searchResources(
  engine: ReadableEngine,
  syncId: string,
  text: string,
  options: SearchResourcesOptions = {},
): Promise<FoundResources> {
  const { resourceTypeId, after, signal } = options;
  const limit = countOf('limit', options.limit ?? DEFAULT_LIMIT);
  const maxScanned = countOf('maxScanned', options.maxScanned ?? DEFAULT_MAX_SCANNED);
  const wanted = text.toLowerCase();
  const snapshot = options.snapshot ?? (await takeSnapshot(engine));
  try {
    const list = new SyncReader(engine).listResources(syncId, {
      snapshot,
      ...(resourceTypeId !== undefined && { resourceTypeId }),
      ...(after && { after }),
      ...(signal && { signal }),
    });
    const found: { readonly rank: number; readonly resource: ResourceRecord }[] = [];
    let scanned = 0;
    for await (const resource of list) {
      const rank = rankOf(resource, wanted);
      if (rank !== undefined) found.push({ rank, resource });
      scanned += 1;
      if (found.length === limit || scanned === maxScanned) return sorted(found, resource);
    }
    return sorted(found, undefined);
  } finally {
    if (options.snapshot === undefined) await snapshot.close();
  }
}

/** Ranks a match, 0 for the best; undefined if the resource does not match. */
function rankOf({ resourceId, displayName }: ResourceRecord, wanted: string): number | undefined {
  const places = [resourceId, displayName].map((text) => text.toLowerCase().indexOf(wanted));
  if (places.includes(0)) return 0;
  return places.some((place) => place > 0) ? 1 : undefined;
}

function sorted(
  found: readonly { readonly rank: number; readonly resource: ResourceRecord }[],
  last: ResourceRecord | undefined,
): FoundResources {
  const resources = found.toSorted((a, b) => a.rank - b.rank).map(({ resource }) => resource);
  return { resources, last };
}

function countOf(name: string, count: number): number {
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new AccessError(
    'SSTITCH_OPTION_INVALID',
    `${name} must be an integer of at least 1, not ${String(count)}`,
  );
}
