// Expands one state of a sync, in passes. Each pass covers some of the principals and reads all grants twice: once to
// collect what its principals hold, and once to yield them. This bounds memory for any number of grants. One pass is
// usual.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type EngineSnapshot, type ReadableEngine, takeSnapshot } from '@sstitch/contract';
import { type GrantRecord, type PrincipalRef, RecordBatch, SyncReader } from '@sstitch/records';
import { AccessError, throwIfAborted } from '../errors.js';
import {
  type LoadedGraph,
  type LoadGraphOptions,
  loadGraph,
  type MismatchPolicy,
  type SkippedEdges,
} from '../graph/load-graph.js';
import { isDirect } from '../holders/held-grant.js';
import { bucketValues } from './bucket-values.js';
import {
  type ExpansionCounts,
  type ExpansionProgress,
  type ExpansionStep,
  ExpansionSteps,
} from './expansion-steps.js';
import { HoldingsCollector } from './holdings.js';
import { PrincipalExpansion } from './principal-expansion.js';

const DEFAULT_MAX_HELD_GRANTS = 8_000_000;
const BATCH_GRANTS = 256;
/** The records of a sync besides its grants. */
const OTHER_RECORDS = ['resource_type', 'resource', 'entitlement', 'asset'] as const;

/** Options of an expansion. */
export interface ExpansionOptions {
  /** What to do with a grant to one resource that expands to the entitlement of another. @defaultValue 'refuse' */
  readonly mismatches?: MismatchPolicy;
  /** The clock, for the discovered_at of derived grants. @defaultValue the wall clock */
  readonly now?: () => Date;
  /**
   * About how many grants a pass keeps in memory, at eight bytes each. A sync with more is read in several passes.
   * @defaultValue 8,000,000
   */
  readonly maxHeldGrants?: number;
  /** Called from time to time. An error that it throws before the commit fails the expansion. */
  readonly onProgress?: ((progress: ExpansionProgress) => void) | undefined;
}

/** The result of an expansion. */
export interface ExpansionReport extends ExpansionCounts {
  /** Entitlements of the graph, which are those that grants expand from and to. */
  readonly entitlements: number;
  /** Edges of the graph, without those of cycles. */
  readonly edges: number;
  /** Cycles, whose entitlements do not pass access to each other. */
  readonly cycles: number;
  /** Edges that grants name and the graph leaves out. */
  readonly skipped: SkippedEdges;
}

/** Some grants of the expanded sync. Each grant is in exactly one of the lists. */
export interface ExpandedGrants {
  readonly created: readonly GrantRecord[];
  readonly updated: readonly GrantRecord[];
  /** Grants that stay unchanged. */
  readonly unchanged: RecordBatch<'grant'> | undefined;
}

/** The expansion of a sync, as of the moment it was opened. Close it after use. */
export class SyncExpansion {
  readonly syncId: string;
  readonly snapshot: EngineSnapshot;
  readonly #engine: ReadableEngine;
  readonly #loaded: LoadedGraph;
  readonly #discoveredAt: Timestamp;
  readonly #passes: number;
  readonly #steps: ExpansionSteps;
  /** The expansion of the only pass, if there is only one. */
  #only: PrincipalExpansion | undefined;

  private constructor(
    engine: ReadableEngine,
    syncId: string,
    snapshot: EngineSnapshot,
    loaded: LoadedGraph,
    passes: number,
    steps: ExpansionSteps,
    { now = () => new Date() }: ExpansionOptions,
  ) {
    this.#engine = engine;
    this.syncId = syncId;
    this.snapshot = snapshot;
    this.#loaded = loaded;
    this.#passes = passes;
    this.#discoveredAt = timestampFromDate(now());
    this.#steps = steps;
  }

  /**
   * @param given - the state to expand, which is closed with the expansion. @defaultValue the current state
   * @throws AccessError SSTITCH_OPTION_INVALID, and as `loadGraph`
   */
  static async open(
    engine: ReadableEngine,
    syncId: string,
    signal: AbortSignal | undefined,
    options: ExpansionOptions,
    given?: EngineSnapshot,
  ): Promise<SyncExpansion> {
    const { mismatches = 'refuse', maxHeldGrants = DEFAULT_MAX_HELD_GRANTS } = options;
    if (!(maxHeldGrants >= 1)) {
      throw new AccessError('SSTITCH_OPTION_INVALID', 'maxHeldGrants must be at least 1');
    }
    const snapshot = given ?? (await takeSnapshot(engine));
    try {
      const steps = new ExpansionSteps(options.onProgress);
      const graph = { snapshot, signal, mismatches, ...(steps.isShown && graphProgress(steps)) };
      const loaded = await loadGraph(engine, syncId, graph);
      const read = { snapshot, ...(signal && { signal }) };
      const reader = new SyncReader(engine);
      const grants = await reader.count(syncId, 'grant', read);
      const passes = Math.max(1, Math.ceil(grants / maxHeldGrants));
      steps.expect('holdings', passes * grants);
      steps.expect('changes', grants);
      steps.expect('writing', grants);
      if (steps.isShown) {
        for (const bucket of OTHER_RECORDS) {
          steps.expect('writing', await reader.count(syncId, bucket, read));
        }
      }
      return new SyncExpansion(engine, syncId, snapshot, loaded, passes, steps, options);
    } catch (error) {
      await snapshot.close();
      throw error;
    }
  }

  /** The report, which is complete when {@link grants} has ended. */
  get report(): ExpansionReport {
    const { graph, skipped } = this.#loaded;
    const { entitlements, edges, cycles } = graph;
    return { ...this.#steps.counts, entitlements: entitlements.length, edges, cycles, skipped };
  }

  /** Shows that the caller has written everything, and sorts and commits it. */
  committing(entries = 0, ofEntries = 0): void {
    this.#steps.report('commit', entries, ofEntries);
  }

  /** Counts records, other than grants, that the caller has written. */
  wroteOthers(records: number): void {
    this.#steps.advance('writing', records);
  }

  /**
   * Yields the grants of the expanded sync, in each pass the new ones first.
   *
   * @param step - what the caller reads them for
   * @throws AccessError SSTITCH_ABORTED; RecordsError as lists do
   */
  async *grants(
    signal: AbortSignal | undefined,
    step: 'changes' | 'writing',
  ): AsyncGenerator<ExpandedGrants, void, undefined> {
    this.#steps.restart();
    for (let pass = 0; pass < this.#passes; pass++) {
      const expansion = this.#only ?? (await this.#read(pass, signal));
      if (this.#passes === 1) this.#only = expansion;
      this.#steps.expect(step, expansion.created);
      this.#steps.advance(step, 0, { principals: expansion.principals });
      yield* this.#created(expansion, signal, step);
      for await (const batch of this.#stored(signal)) {
        const grants = this.#passes === 1 ? batch : this.#ofPass(batch, pass);
        if (grants !== undefined) yield this.#expanded(expansion, grants, step);
      }
    }
  }

  async close(): Promise<void> {
    await this.snapshot.close();
  }

  async #read(pass: number, signal: AbortSignal | undefined): Promise<PrincipalExpansion> {
    const { graph } = this.#loaded;
    const collector = new HoldingsCollector();
    for await (const batch of this.#stored(signal)) {
      this.#steps.advance('holdings', batch.length);
      for (const grant of batch.records) {
        const { entitlement, principal } = grant;
        if (entitlement === undefined || principal === undefined) continue;
        const number = graph.numberOf(entitlement.entitlementId);
        if (number === undefined || this.#passOf(principal) !== pass) continue;
        collector.add(principal, number, isDirect(grant, entitlement.entitlementId));
      }
    }
    this.#steps.expect('derivation', collector.principals.length);
    return PrincipalExpansion.of(graph, collector, {
      signal,
      onPrincipals: (principals) => this.#steps.advance('derivation', principals),
    });
  }

  async *#created(
    expansion: PrincipalExpansion,
    signal: AbortSignal | undefined,
    step: ExpansionStep,
  ): AsyncGenerator<ExpandedGrants, void, undefined> {
    let created: GrantRecord[] = [];
    for (const grant of expansion.derivedGrants(this.syncId, this.#discoveredAt)) {
      if (created.push(grant) < BATCH_GRANTS) continue;
      throwIfAborted(signal);
      this.#steps.advance(step, created.length, { created: created.length });
      yield { created, updated: [], unchanged: undefined };
      created = [];
    }
    if (created.length === 0) return;
    this.#steps.advance(step, created.length, { created: created.length });
    yield { created, updated: [], unchanged: undefined };
  }

  #expanded(
    expansion: PrincipalExpansion,
    batch: RecordBatch<'grant'>,
    step: ExpansionStep,
  ): ExpandedGrants {
    const changes = batch.records.map((grant) => expansion.updated(grant));
    const updated = changes.filter((grant) => grant !== undefined);
    this.#steps.advance(step, batch.length, { updated: updated.length });
    if (updated.length === 0) return { created: [], updated, unchanged: batch };
    const unchanged = partOf(batch, (_, at) => changes[at] === undefined);
    return { created: [], updated, unchanged };
  }

  async *#stored(
    signal: AbortSignal | undefined,
  ): AsyncGenerator<RecordBatch<'grant'>, void, undefined> {
    const { syncId, snapshot } = this;
    const grants = bucketValues(this.#engine, syncId, 'grant', { snapshot, signal });
    for await (const values of grants) yield RecordBatch.ofValues(syncId, 'grant', values);
  }

  #ofPass(batch: RecordBatch<'grant'>, pass: number): RecordBatch<'grant'> | undefined {
    return partOf(batch, ({ principal }) => this.#passOf(principal) === pass);
  }

  /** Returns the pass of a principal, by its FNV-1a hash. */
  #passOf(principal: PrincipalRef | undefined): number {
    if (this.#passes === 1 || principal === undefined) return 0;
    let hash = 0x811c9dc5;
    for (const text of [principal.resourceTypeId, '\0', principal.resourceId]) {
      for (let at = 0; at < text.length; at++) {
        hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
      }
    }
    return hash % this.#passes;
  }
}

/** Shows the reading of the graph as a step. */
function graphProgress(steps: ExpansionSteps): Pick<LoadGraphOptions, 'onProgress'> {
  let before = 0;
  return {
    onProgress: ({ grants, ofGrants }) => {
      if (before === 0) steps.expect('graph', ofGrants);
      steps.advance('graph', grants - before);
      before = grants;
    },
  };
}

/** Returns some records of a batch, or undefined for none. */
function partOf(
  batch: RecordBatch<'grant'>,
  isTaken: (grant: GrantRecord, at: number) => boolean,
): RecordBatch<'grant'> | undefined {
  const taken = batch.records.map(isTaken);
  if (taken.every(Boolean)) return batch;
  const values = batch.values.filter((_, at) => taken[at]);
  return values.length === 0 ? undefined : RecordBatch.ofValues(batch.syncId, 'grant', values);
}
