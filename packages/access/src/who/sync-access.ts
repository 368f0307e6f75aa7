// Answers who has what in a sync, and why, as of one moment. The answers do not depend on whether the sync is expanded.
//
// Invariants: all queries read the snapshot that was taken when the access was opened. Memory holds the graph of
// entitlements, one page, and one principal's grants of entitlements of the graph.
import { type EngineSnapshot, type ReadableEngine, takeSnapshot } from '@sstitch/contract';
import { type GrantExpandableRecord, type ResourceName, SyncReader } from '@sstitch/records';
import { AccessError } from '../errors.js';
import { type EdgeFilter, passes } from '../graph/edge.js';
import type { EntitlementGraph } from '../graph/entitlement-graph.js';
import { type GraphProgress, loadGraph, type SkippedEdges } from '../graph/load-graph.js';
import type { HeldGrant } from '../holders/held-grant.js';
import { holdersOf } from '../holders/holders.js';
import type { Access, AccessPage, AccessPageQuery, AccessQuery } from './access.js';

import { formatCursor, type Place, parseCursor } from './cursors.js';
import { type ExplainOptions, type Explanation, explain } from './explain.js';
import { type GrantsByEntitlement, PrincipalAccess } from './principal-access.js';

const DEFAULT_LIMIT = 100;
/** The most streams that one question about an entitlement or a resource reads concurrently. */
const DEFAULT_MAX_ENTITLEMENTS = 20_000;

/** Options of {@link openAccess}. */
export interface OpenAccessOptions {
  /** Aborts the reading of the graph. */
  readonly signal?: AbortSignal | undefined;
  /** Called from time to time, while the graph is read. An error that it throws ends the reading. */
  readonly onProgress?: ((progress: GraphProgress) => void) | undefined;
  /**
   * The most entitlements that may lead to the target of a question about holders.
   * @defaultValue 20,000
   */
  readonly maxEntitlements?: number;
}

/** The target of a question about holders: an entitlement, or all entitlements of a resource. */
export type AccessTarget = { readonly entitlementId: string } | { readonly resource: ResourceName };

/**
 * Opens the access of a sync. It reads the graph of entitlements.
 *
 * @throws {@link AccessError} SSTITCH_EXPANSION_INCOMPLETE, SSTITCH_ABORTED; RecordsError as lists do.
 */
export async function openAccess(
  engine: ReadableEngine,
  syncId: string,
  { signal, maxEntitlements = DEFAULT_MAX_ENTITLEMENTS, onProgress }: OpenAccessOptions = {},
): Promise<SyncAccess> {
  const snapshot = await takeSnapshot(engine);
  try {
    const read = { snapshot, signal, mismatches: 'skip', onProgress } as const;
    const loaded = await loadGraph(engine, syncId, read);
    return new SyncAccess(engine, syncId, snapshot, loaded.graph, loaded.skipped, maxEntitlements);
  } catch (error) {
    await snapshot.close();
    throw error;
  }
}

/** The access of one sync, as of the moment it was opened. Close it after use. */
export class SyncAccess implements AsyncDisposable {
  readonly #engine: ReadableEngine;
  readonly #reader: SyncReader;
  readonly #syncId: string;
  readonly #snapshot: EngineSnapshot;
  readonly #graph: EntitlementGraph;
  readonly #maxEntitlements: number;
  /** Edges that grants name and the graph leaves out. */
  readonly skipped: SkippedEdges;

  /** Use {@link openAccess}. */
  constructor(
    engine: ReadableEngine,
    syncId: string,
    snapshot: EngineSnapshot,
    graph: EntitlementGraph,
    skipped: SkippedEdges,
    maxEntitlements: number,
  ) {
    this.#engine = engine;
    this.#reader = new SyncReader(engine);
    this.#syncId = syncId;
    this.#snapshot = snapshot;
    this.#graph = graph;
    this.skipped = skipped;
    this.#maxEntitlements = maxEntitlements;
  }

  /**
   * Lists the principals that have an entitlement, or any entitlement of a resource, by resource type and then by id.
   * All access of one principal to a resource is together.
   *
   * @throws {@link AccessError} from the iteration: SSTITCH_ENTITLEMENT_NOT_FOUND, SSTITCH_GRAPH_TOO_LARGE,
   * SSTITCH_INDEX_INEXACT, SSTITCH_ABORTED; RecordsError as lists do.
   */
  async *holders(
    target: AccessTarget,
    { signal }: AccessQuery = {},
  ): AsyncGenerator<Access, void, undefined> {
    for await (const items of this.#holders(target, { signal })) yield* items;
  }

  /**
   * Reads a page of {@link holders}. Its cursor is the name of a principal, so it stays valid after later writes.
   *
   * @throws as {@link holders}, SSTITCH_CURSOR_INVALID, SSTITCH_OPTION_INVALID.
   */
  async holdersPage(
    target: AccessTarget,
    { signal, limit = DEFAULT_LIMIT, cursor }: AccessPageQuery = {},
  ): Promise<AccessPage> {
    checkLimit(limit);
    const place = cursor === undefined ? undefined : parseCursor(cursor, ['holder']);
    const after = place && { resourceTypeId: place[1], resourceId: place[2] };
    const pages: Array<readonly Access[]> = [];
    for await (const items of this.#holders(target, { signal, after, pageGrants: limit + 1 })) {
      if (pages.length === limit) return { items: pages.flat(), next: afterHolder(pages) };
      pages.push(items);
    }
    return { items: pages.flat(), next: undefined };
  }

  /**
   * Lists what a principal has: first its grants by external_id, then, by id, the entitlements that follow from them
   * and that no grant names. An entitlement with several grants is listed once for each.
   *
   * @throws {@link AccessError} from the iteration: SSTITCH_ABORTED; RecordsError as lists do.
   */
  async *accessOf(
    principal: ResourceName,
    { signal }: AccessQuery = {},
  ): AsyncGenerator<Access, void, undefined> {
    const held = await this.#heldBy(principal, signal);
    const has = new PrincipalAccess(this.#graph, principal, held);
    const list = this.#reader.listGrantsByPrincipal(this.#syncId, principal, this.#reading(signal));
    for await (const record of list) {
      const access = has.by(record);
      if (access !== undefined) yield access;
    }
    for (const id of has.derived) {
      const access = has.to(id, []);
      if (access !== undefined) yield access;
    }
  }

  /**
   * Reads a page of {@link accessOf}.
   *
   * @throws as {@link accessOf}, SSTITCH_CURSOR_INVALID, SSTITCH_OPTION_INVALID.
   */
  async accessPage(
    principal: ResourceName,
    { signal, limit = DEFAULT_LIMIT, cursor }: AccessPageQuery = {},
  ): Promise<AccessPage> {
    checkLimit(limit);
    const place: Place =
      cursor === undefined ? ['grants', ''] : parseCursor(cursor, ['grants', 'derived']);
    const held = await this.#heldBy(principal, signal);
    const has = new PrincipalAccess(this.#graph, principal, held);
    const items: Access[] = [];
    if (place[0] === 'grants') {
      const list = this.#reader.listGrantsByPrincipal(
        this.#syncId,
        principal,
        this.#reading(signal),
      );
      const page = await list.page({ limit, ...(place[1] !== '' && { cursor: place[1] }) });
      for (const record of page.records) {
        const access = has.by(record);
        if (access !== undefined) items.push(access);
      }
      if (page.next !== undefined) return { items, next: formatCursor(['grants', page.next]) };
    }
    const after = place[0] === 'derived' ? place[1] : '';
    const rest = has.derived.filter((id) => id > after);
    const room = limit - items.length;
    for (const id of rest.slice(0, room)) {
      const access = has.to(id, []);
      if (access !== undefined) items.push(access);
    }
    const last = room === 0 ? after : rest[room - 1];
    const hasMore = rest.length > room && last !== undefined;
    return { items, next: hasMore ? formatCursor(['derived', last]) : undefined };
  }

  /**
   * Explains why a principal has an entitlement, by the paths from its direct grants, shortest first. Returns
   * undefined if the principal does not have it.
   *
   * @throws {@link AccessError} SSTITCH_ABORTED, SSTITCH_OPTION_INVALID; RecordsError as lists do.
   */
  async explain(
    principal: ResourceName,
    entitlementId: string,
    { signal, maxPaths = 10 }: ExplainOptions = {},
  ): Promise<Explanation | undefined> {
    checkLimit(maxPaths, 'maxPaths');
    const held = await this.#heldBy(principal, signal);
    const has = new PrincipalAccess(this.#graph, principal, held);
    return explain(entitlementId, maxPaths, {
      accessTo: async (id) => {
        const grants = held.get(id) ?? (await this.#grantsOf(id, principal, signal));
        return has.to(id, grants);
      },
      isShallow: (id, source) => this.#graph.edgeBetween(source, id)?.isShallow ?? false,
      linkTo: (id, source, isDirect) => this.#linkTo(id, source, { principal, isDirect }, signal),
    });
  }

  /** Releases the state that was read. Questions fail afterwards. */
  async close(): Promise<void> {
    await this.#snapshot.close();
  }

  /** Closes the access and its snapshot, as `close` does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Yields each principal's access to the target. */
  async *#holders(
    target: AccessTarget,
    options: AccessQuery & {
      readonly after?: ResourceName | undefined;
      readonly pageGrants?: number;
    },
  ): AsyncGenerator<readonly Access[], void, undefined> {
    const wanted = await this.#entitlementsOf(target, options.signal);
    const inGraph = wanted.flatMap((id) => this.#graph.numberOf(id) ?? []);
    const leading = this.#graph
      .withSources(inGraph)
      .map((entitlement) => this.#graph.entitlements[entitlement]?.id ?? '');
    const ids = [...new Set([...wanted, ...leading])];
    if (ids.length > this.#maxEntitlements) throw tooLarge(ids.length, this.#maxEntitlements);
    const places = new Map(wanted.map((id, at) => [id, at]));
    const placeOf = (id: string) => places.get(id) ?? -1;
    const reading = { ...options, snapshot: this.#snapshot };
    for await (const { principal, grants } of holdersOf(this.#engine, this.#syncId, ids, reading)) {
      const has = new PrincipalAccess(this.#graph, principal, grants);
      // The target may have thousands of other entitlements.
      const had = [...grants.keys(), ...has.derived].filter((id) => places.has(id));
      had.sort((a, b) => placeOf(a) - placeOf(b));
      const items = had.flatMap((id) => has.to(id, grants.get(id) ?? []) ?? []);
      if (items.length > 0) yield items;
    }
  }

  /** Finds the entitlements of the target. An entitlement that the target names needs no record if a grant names it. */
  async #entitlementsOf(target: AccessTarget, signal: AbortSignal | undefined): Promise<string[]> {
    if ('resource' in target) {
      const ids: string[] = [];
      const list = this.#reader.listEntitlementsByResource(
        this.#syncId,
        target.resource,
        this.#reading(signal),
      );
      for await (const { externalId } of list) ids.push(externalId);
      return ids;
    }
    const { entitlementId } = target;
    const options = { snapshot: this.#snapshot };
    const record = await this.#reader.getEntitlement(this.#syncId, entitlementId, options);
    if (record !== undefined) return [entitlementId];
    const one = { ...this.#reading(signal), limit: 1 };
    const grants = this.#reader.listGrantsByEntitlement(this.#syncId, entitlementId, one);
    for await (const _grant of grants) return [entitlementId];
    throw new AccessError(
      'SSTITCH_ENTITLEMENT_NOT_FOUND',
      `the sync holds no entitlement ${JSON.stringify(entitlementId)}`,
      { entitlementId },
    );
  }

  /** Reads a principal's grants of entitlements of the graph. */
  async #heldBy(
    principal: ResourceName,
    signal: AbortSignal | undefined,
  ): Promise<GrantsByEntitlement> {
    const held = new Map<string, HeldGrant[]>();
    const list = this.#reader.listGrantsByPrincipal(this.#syncId, principal, this.#reading(signal));
    for await (const grant of list) {
      const id = grant.entitlement?.entitlementId;
      if (id === undefined || this.#graph.numberOf(id) === undefined) continue;
      const ofEntitlement = held.get(id) ?? [];
      held.set(id, ofEntitlement);
      ofEntitlement.push({ id: grant.externalId, record: grant });
    }
    return held;
  }

  /** Reads a principal's grants of one entitlement. */
  async #grantsOf(
    entitlementId: string,
    principal: ResourceName,
    signal: AbortSignal | undefined,
  ): Promise<readonly HeldGrant[]> {
    const options = { ...this.#reading(signal), principal };
    const grants: HeldGrant[] = [];
    const list = this.#reader.listGrantsByEntitlement(this.#syncId, entitlementId, options);
    for await (const record of list) grants.push({ id: record.externalId, record });
    return grants;
  }

  /**
   * Finds the grant by which an entitlement leads a principal to another one.
   *
   * @param isDirect whether the principal has the source by a grant of its own
   */
  async #linkTo(
    entitlementId: string,
    sourceId: string,
    { principal, isDirect }: { readonly principal: ResourceName; readonly isDirect: boolean },
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const source = this.#graph.entitlements[this.#graph.numberOf(sourceId) ?? -1];
    if (source === undefined) return undefined;
    const options = { ...this.#reading(signal), principal: source.resource };
    let found: string | undefined;
    for await (const { expansion, externalId } of this.#reader.listGrantsByEntitlement(
      this.#syncId,
      entitlementId,
      options,
    )) {
      if (!expansion?.entitlementIds.includes(sourceId)) continue;
      if (passes(filterOf(expansion), principal.resourceTypeId, isDirect)) return externalId;
      // The graph merges parallel edges into one, which may pass what no single grant passes.
      found ??= externalId;
    }
    return found;
  }

  #reading(signal: AbortSignal | undefined) {
    return { snapshot: this.#snapshot, ...(signal && { signal }) };
  }
}

function filterOf({ shallow, resourceTypeIds }: GrantExpandableRecord): EdgeFilter {
  const types = resourceTypeIds.length === 0 ? undefined : new Set(resourceTypeIds);
  return { isShallow: shallow, resourceTypeIds: types };
}

function afterHolder(pages: ReadonlyArray<readonly Access[]>): string | undefined {
  const principal = pages.at(-1)?.[0]?.principal;
  return principal && formatCursor(['holder', principal.resourceTypeId, principal.resourceId]);
}

function checkLimit(limit: number, name = 'limit'): void {
  if (Number.isSafeInteger(limit) && limit >= 1) return;
  throw new AccessError(
    'SSTITCH_OPTION_INVALID',
    `${name} must be an integer of at least 1, not ${String(limit)}`,
  );
}

function tooLarge(count: number, most: number): AccessError {
  return new AccessError(
    'SSTITCH_GRAPH_TOO_LARGE',
    `${count} entitlements lead to it, more than ${most}: ask for one of them, or raise maxEntitlements`,
  );
}
