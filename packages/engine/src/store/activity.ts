// What a store did since it was opened, added up from its events.
import type { CommitReport, OriginTotals, TableOrigin } from '@sstitch/contract';
import { emptyTotals } from '../tables/origin-totals.js';

/** What happened; the store emits `type` with `detail`. */
export type StoreEvent =
  | { readonly type: 'commit'; readonly detail: CommitReport }
  | { readonly type: 'retire'; readonly detail: number }
  | { readonly type: 'flush'; readonly detail: number };

/** Count, sum and extremes of something that takes time. */
export interface DurationMetrics {
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
  readonly lastMs: number;
}

/** What the store did since it was opened. */
export interface ActivityMetrics {
  readonly commits: DurationMetrics;
  /** How long writers waited for commits. */
  readonly pauses: DurationMetrics;
  readonly flushes: DurationMetrics;
  /** Tables that came in, by how they came about. */
  readonly incoming: OriginTotals;
  /** The store's own tables, commit by commit, by how they got into the next generation. */
  readonly carried: OriginTotals;
  /** Writes that came in while a commit staged and were replayed. */
  readonly replayedOperations: number;
}

/** Adds events up. */
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
