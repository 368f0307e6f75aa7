// A store's figures as one object.
import type { LevelSummary } from './leveldb/read-levels.js';
import type { StoreCore } from './store-core.js';

export interface GenerationMetrics {
  readonly number: number;
  readonly current: boolean;
  /** Iterators and snapshots open on it. */
  readonly readers: number;
}

export interface StoreMetrics {
  /** Number of the current generation. */
  readonly generation: number;
  readonly generations: readonly GenerationMetrics[];
  readonly levels: readonly LevelSummary[];
}

export async function storeMetrics(core: StoreCore): Promise<StoreMetrics> {
  const { current } = core;
  const levels = await core.fileWork(core.runner.run('readLevels', { folder: current.folder }));
  return {
    generation: current.number,
    generations: [...core.generations].map((generation) => ({
      number: generation.number,
      current: generation === current,
      readers: generation.readers,
    })),
    levels,
  };
}
