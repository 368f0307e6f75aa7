// A store's figures, as one object and as events, for whatever the user watches stores with.
//
// Events, emitted by the store itself:
//   commit   a commit took effect; its CommitReport
//   retire   a past generation was closed and removed; its number
//   flush    a memtable was flushed for a commit, an extract or a checkpoint; how long it took, in ms
//   held     a commit has left HELD_GENERATIONS past generations or more to iterators and snapshots, which
//            may have been forgotten: their files take room; its HeldMetrics
//   forgotten an iterator or a snapshot that was never closed was garbage-collected, and what it kept is
//            released; its ForgottenReader
//
// A forgotten reader of a sublevel is referred to by the sublevel: it is released when the sublevel or the store
// is closed.
import type { CommitReport } from './commit/ingest-and-excise.js';
import { emptyTotals, type OriginTotals } from './commit/stage-generation.js';
import type { LevelSummary } from './leveldb/read-levels.js';
import type { HeldMetrics, OpenReaders } from './open-readers.js';
import type { StoreCore } from './store-core.js';
import type { TableOrigin } from './tables.js';

/** As many past generations, kept by readers, are worth a warning: the event `held`. */
export const HELD_GENERATIONS = 8;

export interface GenerationMetrics {
  readonly number: number;
  readonly current: boolean;
  /** Iterators and snapshots open on it. */
  readonly readers: number;
}

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

export interface StoreMetrics extends ActivityMetrics {
  /** Number of the current generation. */
  readonly generation: number;
  readonly generations: readonly GenerationMetrics[];
  /**
   * Tables by level. Bytes above the lowest level that has tables are newer versions and tombstones of what
   * lies below, or new keys: `compactRange` of all keys merges them, and what is old goes. A table that was
   * cut in place counts with its whole file.
   */
  readonly levels: readonly LevelSummary[];
  /** What iterators and snapshots keep of past generations. */
  readonly held: HeldMetrics;
}

/** What happened; the store emits `type` with `detail`. */
export type StoreEvent =
  | { readonly type: 'commit'; readonly detail: CommitReport }
  | { readonly type: 'retire'; readonly detail: number }
  | { readonly type: 'flush'; readonly detail: number };

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

export async function storeMetrics(core: StoreCore, readers: OpenReaders): Promise<StoreMetrics> {
  const { runner, operations } = core;
  const [current, levels] = await operations.runFileWork(async () => {
    const generation = core.current;
    // A commit beside this may retire the generation, whose folder goes.
    generation.retain();
    try {
      const signal = operations.closing;
      const { folder } = generation;
      return [generation, await runner.run('readLevels', { folder }, { signal })] as const;
    } finally {
      generation.release();
    }
  });
  return {
    ...core.activity.metrics(),
    generation: current.number,
    generations: [...core.generations].map((generation) => ({
      number: generation.number,
      current: generation === current,
      readers: generation.readers,
    })),
    levels,
    held: readers.held(),
  };
}
