// Totals of what a store did since it was opened, accumulated from its events.
import type { CommitReport, OriginTotals, TableOrigin } from '@sstitch/contract';
import { emptyTotals } from '../tables/origin-totals.js';

/** An event of a store, which emits `type` with `detail`. */
export type StoreEvent =
  | { readonly type: 'commit'; readonly detail: CommitReport }
  | { readonly type: 'retire'; readonly detail: number }
  | { readonly type: 'flush'; readonly detail: number };

/** Statistics of an activity's durations. */
export interface DurationMetrics {
  /** How often it happened. */
  readonly count: number;
  /** How long all times took together. */
  readonly totalMs: number;
  /** How long the longest time took. */
  readonly maxMs: number;
  /** How long the last time took. */
  readonly lastMs: number;
}

/** What a store did since it was opened. */
export interface ActivityMetrics {
  /** Commits that replaced spans, and how long each took. */
  readonly commits: DurationMetrics;
  /** How long writers waited for commits. */
  readonly pauses: DurationMetrics;
  /** Flushes of the memtable by the store, and how long each took. */
  readonly flushes: DurationMetrics;
  /** Tables that commits put into the spans, by how they were made. */
  readonly incoming: OriginTotals;
  /** The store's own tables that commits carried over, by how they got into the next generation. */
  readonly carried: OriginTotals;
  /** Writes that arrived while a commit was staging and that it replayed. */
  readonly replayedOperations: number;
}

/** Accumulates events into `ActivityMetrics`. */
export class ActivityRecorder {
  #commits = emptyDurations();
  #pauses = emptyDurations();
  #flushes = emptyDurations();
  readonly #incoming = emptyTotals();
  readonly #carried = emptyTotals();
  #replayedOperations = 0;

  record(event: StoreEvent): void {
    if (event.type === 'flush') this.#flushes = withDuration(this.#flushes, event.detail);
    if (event.type !== 'commit') return;
    const report = event.detail;
    this.#commits = withDuration(this.#commits, report.durationMs);
    this.#pauses = withDuration(this.#pauses, report.pauseMs);
    this.#replayedOperations += report.replayedOperations;
    for (const span of report.spans) mergeTotals(this.#incoming, span);
    mergeTotals(this.#carried, report.base);
  }

  metrics(): ActivityMetrics {
    return {
      commits: this.#commits,
      pauses: this.#pauses,
      flushes: this.#flushes,
      incoming: structuredClone(this.#incoming),
      carried: structuredClone(this.#carried),
      replayedOperations: this.#replayedOperations,
    };
  }
}

function emptyDurations(): DurationMetrics {
  return { count: 0, totalMs: 0, maxMs: 0, lastMs: 0 };
}

function withDuration(before: DurationMetrics, lastMs: number): DurationMetrics {
  return {
    count: before.count + 1,
    totalMs: before.totalMs + lastMs,
    maxMs: Math.max(before.maxMs, lastMs),
    lastMs,
  };
}

function mergeTotals(into: OriginTotals, from: OriginTotals): void {
  for (const origin of Object.keys(from) as TableOrigin[]) {
    into[origin].tables += from[origin].tables;
    into[origin].bytes += from[origin].bytes;
  }
}
