// Expands the grants of some principals: finds which grants to create, and which sources to add to others.
//
// Memory: the principals' names, and eight bytes for each derived grant and each grant of an entitlement of the graph.
import { setImmediate } from 'node:timers/promises';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { GrantRecord, PrincipalRef } from '@sstitch/records';
import { reachedEntitlements, sourcesOf } from '../derive/derive-access.js';
import { throwIfAborted } from '../errors.js';
import type { EntitlementGraph } from '../graph/entitlement-graph.js';
import { derivedGrant, withSources } from './expanded-record.js';
import { EntriesByPrincipal, type HoldingsCollector, NumberList } from './holdings.js';

/** Principals between two turns of the event loop. */
const PRINCIPALS_A_TURN = 256;

interface ExpandOptions {
  readonly signal: AbortSignal | undefined;
  /** Called with the number of principals that were expanded since the last call. */
  readonly onPrincipals: (principals: number) => void;
}

/** The expansion of collected grants. */
export class PrincipalExpansion {
  readonly #graph: EntitlementGraph;
  readonly #collector: HoldingsCollector;
  readonly #held: EntriesByPrincipal;
  /** Entitlements held and reached. */
  readonly #had: EntriesByPrincipal;
  /** The number of grants to create. */
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
    { signal, onPrincipals }: ExpandOptions,
  ): Promise<PrincipalExpansion> {
    const held = collector.sorted();
    const starts = new NumberList();
    const entries = new NumberList();
    let created = 0;
    for (const [principal, { resourceTypeId }] of collector.principals.entries()) {
      if (principal % PRINCIPALS_A_TURN === 0) {
        throwIfAborted(signal);
        await setImmediate();
        if (principal > 0) onPrincipals(PRINCIPALS_A_TURN);
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

  /** Makes the grants to create, principal by principal. */
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

  /** Adds missing sources to a grant. Returns undefined if it has them all. */
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
