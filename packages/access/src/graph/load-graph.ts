// Reads the graph of entitlements of a sync: an edge for each entitlement from which a grant expands.
//
// It follows Baton's loadEntitlementGraph (baton-sdk v0.25.0, pkg/sync/syncer.go): it takes grants with
// needs_expansion, skips sources without a record, and refuses a source that is not an entitlement of the grant's
// principal.
import { byteEncodings, type EngineSnapshot, type ReadableEngine } from '@sstitch/contract';
import { entitlementKey, parseSyncId, type SyncIdBytes } from '@sstitch/keys';
import {
  decodeRecord,
  type EntitlementRecord,
  type GrantRecord,
  type ResourceName,
  SyncReader,
} from '@sstitch/records';
import { AccessError } from '../errors.js';
import { buildGraph } from './build-graph.js';
import type { EntitlementEdge, EntitlementGraph, GraphEntitlement } from './entitlement-graph.js';

/** The most entitlements that {@link SkippedEdges} names. */
const MAX_EXAMPLES = 25;

/** The number of grants whose entitlements are read together. */
const GRANTS_A_READ = 256;

/** What to do with a grant to one resource that expands to the entitlement of another. */
export type MismatchPolicy = 'refuse' | 'skip';

/** Options of {@link loadGraph}. */
export interface LoadGraphOptions {
  readonly snapshot: EngineSnapshot;
  readonly signal?: AbortSignal | undefined;
  readonly mismatches: MismatchPolicy;
  /** Called from time to time. */
  readonly onProgress?: ((progress: GraphProgress) => void) | undefined;
}

/** The progress of reading a graph. */
export interface GraphProgress {
  /** Grants read so far, of those that expand. */
  readonly grants: number;
  /** Grants to read. */
  readonly ofGrants: number;
}

/** Edges that grants name and the graph leaves out. */
export interface SkippedEdges {
  /** Edges from an entitlement without a record. */
  readonly sourceMissing: number;
  /** Edges to an entitlement without a record, which is the grant's own. */
  readonly destinationMissing: number;
  /** Edges from an entitlement of a resource other than the grant's principal. */
  readonly mismatched: number;
  /** Some of these entitlements, at most 25. */
  readonly examples: readonly string[];
}

/** A graph, and the edges that it leaves out. */
export interface LoadedGraph {
  readonly graph: EntitlementGraph;
  readonly skipped: SkippedEdges;
}

/**
 * Reads the graph of a sync. Memory: the entitlements and edges of the graph.
 *
 * @throws AccessError SSTITCH_EXPANSION_MISMATCHED, SSTITCH_EXPANSION_INCOMPLETE; RecordsError as lists do
 */
export async function loadGraph(
  engine: ReadableEngine,
  syncId: string,
  { snapshot, signal, mismatches, onProgress }: LoadGraphOptions,
): Promise<LoadedGraph> {
  const found = new EntitlementCache(engine, syncId, snapshot);
  const edges: EntitlementEdge[] = [];
  const skipped = { sourceMissing: 0, destinationMissing: 0, mismatched: 0 };
  const examples = new Set<string>();
  const skip = (why: keyof typeof skipped, entitlementId: string): void => {
    skipped[why] += 1;
    if (examples.size < MAX_EXAMPLES) examples.add(entitlementId);
  };
  const typeSets = new TypeSets();
  const addEdges = (grant: GrantRecord): void => {
    const destination = destinationOf(grant);
    const isShallow = grant.expansion?.shallow ?? false;
    const resourceTypeIds = typeSets.of(grant.expansion?.resourceTypeIds ?? []);
    for (const id of sourcesOf(grant)) {
      const source = found.get(id);
      if (source === undefined) {
        skip('sourceMissing', id);
      } else if (!isSame(source.resource, grant.principal)) {
        if (mismatches === 'refuse') throw mismatch(grant, source);
        skip('mismatched', id);
      } else if (found.get(destination) === undefined) {
        skip('destinationMissing', destination);
      } else {
        edges.push({ source: id, destination, isShallow, resourceTypeIds });
      }
    }
  };

  const options = { snapshot, ...(signal && { signal }) };
  let grants: GrantRecord[] = [];
  let read = 0;
  const addAll = async (): Promise<void> => {
    await found.read(grants.flatMap((grant) => [...sourcesOf(grant), destinationOf(grant)]));
    for (const grant of grants) addEdges(grant);
    grants = [];
  };
  const list = new SyncReader(engine).listGrantsNeedingExpansion(syncId, options);
  const ofGrants = onProgress === undefined ? 0 : await list.count();
  for await (const grant of list) {
    read += 1;
    if (read % GRANTS_A_READ === 0) onProgress?.({ grants: read, ofGrants });
    if (sourcesOf(grant).length > 0 && grants.push(grant) >= GRANTS_A_READ) await addAll();
  }
  await addAll();
  const named = new Set<string>();
  for (const { source, destination } of edges) named.add(source).add(destination);
  const entitlements = [...named].flatMap((id) => found.get(id) ?? []);
  const graph = await buildGraph(entitlements, edges);
  return { graph, skipped: { ...skipped, examples: [...examples] } };
}

/** An entitlement, or one whose record names no resource. */
interface KnownEntitlement {
  readonly id: string;
  readonly resource: ResourceName | undefined;
}

/** The entitlements that grants name. Each is read once, many at a time. */
class EntitlementCache {
  readonly #engine: ReadableEngine;
  readonly #syncId: SyncIdBytes;
  readonly #snapshot: EngineSnapshot;
  readonly #known = new Map<string, KnownEntitlement | undefined>();

  constructor(engine: ReadableEngine, syncId: string, snapshot: EngineSnapshot) {
    this.#engine = engine;
    this.#syncId = parseSyncId(syncId);
    this.#snapshot = snapshot;
  }

  async read(ids: readonly string[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#known.has(id));
    const keys = unknown.map((id) => entitlementKey(this.#syncId, id));
    const options = { ...byteEncodings, snapshot: this.#snapshot };
    const values = keys.length === 0 ? [] : await this.#engine.getMany(keys, options);
    for (const [at, id] of unknown.entries()) {
      const [key, value] = [keys[at] as Uint8Array, values[at]];
      this.#known.set(id, value && knownOf(decodeRecord('entitlement', key, value), id));
    }
  }

  /** @throws AccessError SSTITCH_EXPANSION_INCOMPLETE if the entitlement's record names no resource */
  get(id: string): GraphEntitlement | undefined {
    const known = this.#known.get(id);
    if (known === undefined || hasResource(known)) return known;
    throw new AccessError(
      'SSTITCH_EXPANSION_INCOMPLETE',
      `entitlement ${JSON.stringify(id)} is expanded, but names no resource`,
      { entitlementId: id },
    );
  }
}

/** The part of a record that the graph needs; records hold much more. */
function knownOf({ resource }: EntitlementRecord, id: string): KnownEntitlement {
  if (resource === undefined) return { id, resource };
  const { resourceTypeId, resourceId } = resource;
  return { id, resource: { resourceTypeId, resourceId } };
}

function hasResource(known: KnownEntitlement): known is GraphEntitlement {
  return known.resource !== undefined;
}

/** Sets of resource types. The edges of a sync have few different ones, which they share. */
class TypeSets {
  readonly #sets = new Map<string, ReadonlySet<string>>();

  /** Returns undefined for no types, which means all. */
  of(types: readonly string[]): ReadonlySet<string> | undefined {
    if (types.length === 0) return undefined;
    const name = JSON.stringify(types);
    const known = this.#sets.get(name) ?? new Set(types);
    this.#sets.set(name, known);
    return known;
  }
}

function sourcesOf({ expansion }: GrantRecord): readonly string[] {
  return expansion?.entitlementIds ?? [];
}

function destinationOf(grant: GrantRecord): string {
  const id = grant.entitlement?.entitlementId ?? '';
  if (id !== '') return id;
  throw new AccessError(
    'SSTITCH_EXPANSION_INCOMPLETE',
    `grant ${JSON.stringify(grant.externalId)} expands, but names no entitlement`,
    { grantId: grant.externalId },
  );
}

function isSame(a: ResourceName, b: ResourceName | undefined): boolean {
  return b !== undefined && a.resourceTypeId === b.resourceTypeId && a.resourceId === b.resourceId;
}

function mismatch(grant: GrantRecord, { id, resource }: GraphEntitlement): AccessError {
  const principal = grant.principal;
  return new AccessError(
    'SSTITCH_EXPANSION_MISMATCHED',
    `grant ${JSON.stringify(grant.externalId)} to ${name(principal)} expands to ${JSON.stringify(id)}, ` +
      `an entitlement of ${name(resource)}: correct the grant, or skip such expansions`,
    { grantId: grant.externalId, entitlementId: id },
  );
}

function name(resource: ResourceName | undefined): string {
  if (resource === undefined) return 'nobody';
  return JSON.stringify(`${resource.resourceTypeId}:${resource.resourceId}`);
}
