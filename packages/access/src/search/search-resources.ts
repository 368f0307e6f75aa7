// Finds resources by what people type: by the beginning of their ids, then by any part of their names or ids.
//
// Ids are found by the order of keys. Names are in no index: resources are read one after the other, so many a call
// at most, and a cursor goes on. Letters match whatever their case.
import { type EngineSnapshot, type ReadableEngine, takeSnapshot } from '@sstitch/contract';
import { type ResourceRecord, SyncReader } from '@sstitch/records';
import { AccessError } from '../errors.js';

const DEFAULT_LIMIT = 20;
const DEFAULT_MAX_SCANNED = 100_000;

/** Options of {@link searchResources}. */
export interface SearchResourcesOptions {
  /** Resources of this type alone. @defaultValue those of all types */
  readonly resourceTypeId?: string | undefined;
  /** Resources at most, from 1 on. @defaultValue 20 */
  readonly limit?: number | undefined;
  /** Resources that are read, at most, from 1 on. @defaultValue 100,000 */
  readonly maxScanned?: number | undefined;
  /** Go on after this resource, `last` of the page before. @defaultValue the first page */
  readonly after?: ResourceRecord | undefined;
  /** Search this state of the engine. @defaultValue the state now */
  readonly snapshot?: EngineSnapshot | undefined;
  /** Stops between two reads of the engine. */
  readonly signal?: AbortSignal | undefined;
}

/** Resources that a search found. */
export interface FoundResources {
  /** Those whose id or name begins with the text first, then by key. */
  readonly resources: readonly ResourceRecord[];
  /** The last resource that was read: the search goes on after it. Undefined where there is no more to read. */
  readonly last: ResourceRecord | undefined;
}

/**
 * Resources whose name or id contains a text.
 *
 * @throws {@link AccessError} SSTITCH_OPTION_INVALID; RecordsError as a list.
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

/** How well a resource fits, the best with 0; undefined where it does not. */
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
    `${name} must be a whole number from 1 on, not ${String(count)}`,
  );
}
