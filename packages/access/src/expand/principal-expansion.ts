// The expansion of the grants of some principals: which grants are to be created, and which sources others get.
//
// Memory: eight bytes for each of their grants of entitlements of the graph and each that is derived, and their names.
import { setImmediate } from 'node:timers/promises';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { GrantRecord, PrincipalRef } from '@sstitch/records';
import { reachedEntitlements, sourcesOf } from '../derive/derive-access.js';
import { throwIfAborted } from '../errors.js';
import type { EntitlementGraph } from '../graph/entitlement-graph.js';
import { derivedGrant, withSources } from './expanded-record.js';
import { EntriesByPrincipal, type HoldingsCollector, NumberList } from './holdings.js';

/** Principals after which the event loop gets a turn. */
const PRINCIPALS_A_TURN = 256;

/** What follows from the grants that were collected. */
export class PrincipalExpansion {
  readonly #graph: EntitlementGraph;
  readonly #collector: HoldingsCollector;
  readonly #held: EntriesByPrincipal;
  /** Held and reached. */
  readonly #had: EntriesByPrincipal;
  /** How many grants are to be created. */
  readonly created: number;

  private constructor(
    graph: EntitlementGraph,
    collector: HoldingsCollector,
    held: EntriesByPrincipal,
    had: EntriesByPrincipal,
    created: number,
  ) {
    this.#graph = graph;
    this.#collector = collector;
    this.#held = held;
    this.#had = had;
    this.created = created;
  }

  /** @throws AccessError SSTITCH_ABORTED */
  static async of(
    graph: EntitlementGraph,
    collector: HoldingsCollector,
    signal: AbortSignal | undefined,
  ): Promise<PrincipalExpansion> {
    const held = collector.sorted();
    const starts = new NumberList();
    const entries = new NumberList();
    let created = 0;
    for (const [principal, { resourceTypeId }] of collector.principals.entries()) {
      if (principal % PRINCIPALS_A_TURN === 0) {
        throwIfAborted(signal);
        await setImmediate();
      }
      starts.push(entries.length);
      const own = held.of(principal);
      const reached = reachedEntitlements(graph, resourceTypeId, own).filter((e) => !own.has(e));
      created += reached.length;
      const all = [...own, ...reached.map((entitlement) => [entitlement, false] as const)];
      for (const [entitlement, isDirect] of all.sort(([a], [b]) => a - b)) {
        entries.push(entitlement * 2 + (isDirect ? 1 : 0));
      }
    }
    starts.push(entries.length);
    const had = new EntriesByPrincipal(starts.view, entries.view);
    return new PrincipalExpansion(graph, collector, held, had, created);
  }

  get principals(): number {
    return this.#collector.principals.length;
  }

  /** The grants to be created, principal by principal. */
  *derivedGrants(syncId: string, discoveredAt: Timestamp): Generator<GrantRecord, void, undefined> {
    for (const [number, principal] of this.#collector.principals.entries()) {
      const [held, had] = [this.#held.of(number), this.#had.of(number)];
      if (held.size === had.size) continue;
      for (const [at] of had) {
        const entitlement = this.#graph.entitlements[at];
        if (held.has(at) || entitlement === undefined) continue;
        const sources = sourcesOf(this.#graph, principal.resourceTypeId, at, had);
        yield derivedGrant(syncId, entitlement, principal, sources, discoveredAt);
      }
    }
  }

  /** A grant with the sources that it does not have; undefined where it has them all. */
  updated(grant: GrantRecord): GrantRecord | undefined {
    const { entitlement, principal } = grant;
    if (entitlement === undefined || principal === undefined) return undefined;
    const at = this.#graph.numberOf(entitlement.entitlementId);
    if (at === undefined || !this.#graph.isDestination(at)) return undefined;
    const sources = this.#sourcesOf(principal, at);
    return sources.size === 0 ? undefined : withSources(grant, entitlement.entitlementId, sources);
  }

  #sourcesOf(principal: PrincipalRef, entitlement: number): ReadonlyMap<string, boolean> {
    const number = this.#collector.numberOf(principal);
    if (number === undefined) return new Map();
    return sourcesOf(this.#graph, principal.resourceTypeId, entitlement, this.#had.of(number));
  }
}
