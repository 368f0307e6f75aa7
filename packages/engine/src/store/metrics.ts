// The metrics of a store, and the events that it emits:
//
//   event      emitted when                                                                  detail
//   commit     a commit took effect                                                          CommitReport
//   retire     a past generation was closed and removed                                      its number
//   flush      a memtable was flushed for a commit, an extract or a checkpoint               duration in ms
//   held       after a commit, readers keep HELD_GENERATIONS past generations or more:       HeldMetrics
//              they may have been forgotten, and the generations' files take up space
//   forgotten  an iterator or a snapshot was garbage-collected without having been closed,   ForgottenReader
//              and its generation was released
//
// A sublevel refers to its readers, so a reader of a sublevel is not collected before the sublevel or the store closes.

import { type LevelSummary, readLevelsTask } from '../leveldb/read-levels.js';
import type { ActivityMetrics } from './activity.js';
import type { HeldMetrics, OpenReaders } from './open-readers.js';
import type { StoreCore } from './store-core.js';

/** The number of past generations kept by readers from which the store emits `held`. */
export const HELD_GENERATIONS = 8;

/** One open generation of a store. */
export interface GenerationMetrics {
  /** The number of the generation. */
  readonly number: number;
  /** Whether `CURRENT` names the generation. */
  readonly current: boolean;
  /** How many iterators, snapshots and operations use it. */
  readonly readers: number;
}

/** What `Store.metrics` returns. */
export interface StoreMetrics extends ActivityMetrics {
  /** The number of the current generation. */
  readonly generation: number;
  /** The open generations: the current one, and past ones that readers keep. */
  readonly generations: readonly GenerationMetrics[];
  /**
   * Tables by level. The bytes in levels above the lowest one that has tables are new keys, and newer versions and
   * tombstones of keys below; `compactRange` over all keys merges them and drops the old versions. A virtual table
   * counts with its whole file.
   */
  readonly levels: readonly LevelSummary[];
  /** The past generations that iterators and snapshots keep. */
  readonly held: HeldMetrics;
}

/** Collects the metrics of an open store. */
export async function storeMetrics(core: StoreCore, readers: OpenReaders): Promise<StoreMetrics> {
  const { pool, operations } = core;
  const [current, levels] = await operations.runFileWork(async () => {
    const generation = core.current;
    // A concurrent commit may retire the generation and remove its directory.
    generation.retain();
    try {
      const signal = operations.closing;
      const { directory } = generation;
      return [generation, await pool.run(readLevelsTask, { directory }, { signal })] as const;
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
