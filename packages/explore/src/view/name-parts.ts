// The parts of a sync's names: the resources of each type, and the entitlements. Seeks find their bounds, so that ids can
// be looked up by key, and the parts can be read in turns.
import {
  boundsOf,
  byteEncodings,
  type EngineSnapshot,
  type ReadableEngine,
  type Span,
} from '@sstitch/contract';
import {
  bucketLayout,
  bucketSpan,
  decodeTuple,
  entitlementKey,
  parseSyncId,
  prefixSpan,
  resourceKey,
  resourcePrefix,
  SYNC_ID_LENGTH_BYTES,
} from '@sstitch/keys';

/** Types that get a part of their own. The resources of all further types share one. */
const MAX_TYPES = 64;

/** A resource or an entitlement by its id. */
export type FoundId =
  | { readonly kind: 'resource'; readonly type: string; readonly id: string }
  | { readonly kind: 'entitlement'; readonly id: string };

/** A range of keys with names. */
export interface NamePart {
  readonly kind: FoundId['kind'];
  /** The type of the resources; undefined for entitlements, and if there are resources of several types. */
  readonly type: string | undefined;
  readonly span: Span;
}

/** The state of an engine in which names are read. */
export interface NamedState {
  readonly engine: ReadableEngine;
  readonly snapshot: EngineSnapshot;
  readonly syncId: string;
}

/** Lists the parts in the order of their keys, with a seek for each type. */
export async function listNameParts(state: NamedState): Promise<readonly NamePart[]> {
  const { syncId } = state;
  const id = parseSyncId(syncId);
  const resources = bucketSpan('resource', syncId);
  const parts: NamePart[] = [];
  for (let rest = resources; ; ) {
    const [first] = await keysOf(state, rest, 1);
    if (first === undefined) break;
    const type = parts.length < MAX_TYPES ? typeOf(first) : undefined;
    const span = type === undefined ? rest : prefixSpan(resourcePrefix(id, type));
    parts.push({ kind: 'resource', type, span });
    // The prefix of a type ends in 00, so it has a successor.
    if (type === undefined || span.end === undefined) break;
    rest = { start: span.end, end: resources.end };
  }
  return [
    ...parts,
    { kind: 'entitlement', type: undefined, span: bucketSpan('entitlement', syncId) },
  ];
}

/** Finds ids that begin with the text, in the same case, without reading what lies before them. */
export async function idsByKey(
  state: NamedState,
  part: NamePart,
  text: string,
  limit: number,
): Promise<FoundId[]> {
  const id = parseSyncId(state.syncId);
  if (part.kind === 'entitlement') {
    const keys = await keysOf(state, prefixSpan(entitlementKey(id, text)), limit);
    return keys.map((key) => ({
      kind: 'entitlement',
      id: elementsOf('entitlement', key)[0] ?? '',
    }));
  }
  const { type } = part;
  // An id has no single place in a part of several types.
  if (type === undefined) return [];
  const keys = await keysOf(state, prefixSpan(resourceKey(id, type, text)), limit);
  return keys.map((key) => ({ kind: 'resource', type, id: elementsOf('resource', key)[1] ?? '' }));
}

/** Decodes the elements of a key after the sync. */
export function elementsOf(kind: NamePart['kind'], key: Uint8Array): readonly string[] {
  return decodeTuple(key, bucketLayout(kind).prefix.length + SYNC_ID_LENGTH_BYTES);
}

function typeOf(key: Uint8Array): string {
  return elementsOf('resource', key)[0] ?? '';
}

async function keysOf(state: NamedState, span: Span, limit: number): Promise<Uint8Array[]> {
  const { engine, snapshot } = state;
  const options = { ...byteEncodings, ...boundsOf(span), snapshot, limit, values: false };
  const iterator = engine.iterator(options);
  try {
    return (await iterator.nextv(limit)).map(([key]) => key);
  } finally {
    await iterator.close();
  }
}
