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

import { type LevelSummary, readLevelsTask } from '../leveldb/read-levels.js';
import type { ActivityMetrics } from './activity.js';
import type { HeldMetrics, OpenReaders } from './open-readers.js';
import type { StoreCore } from './store-core.js';

/** As many past generations, kept by readers, are worth a warning: the event `held`. */
export const HELD_GENERATIONS = 8;

export interface GenerationMetrics {
  readonly number: number;
  readonly current: boolean;
  /** Iterators and snapshots open on it. */
  readonly readers: number;
}

export interface StoreMetrics extends ActivityMetrics {
  /** Number of the current generation. */
  readonly generation: number;
  readonly generations: readonly GenerationMetrics[];
  /**
   * Tables by level. Bytes above the lowest level that has tables are newer versions and tombstones of what
   * lies below, or new keys: `compactRange` of all keys merges them, and what is old goes. A table that was
   * split in place counts with its whole file.
   */
  readonly levels: readonly LevelSummary[];
  /** What iterators and snapshots keep of past generations. */
  readonly held: HeldMetrics;
}

export async function storeMetrics(core: StoreCore, readers: OpenReaders): Promise<StoreMetrics> {
  const { pool, operations } = core;
  const [current, levels] = await operations.runFileWork(async () => {
    const generation = core.current;
    // A commit beside this may retire the generation, whose directory goes.
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
