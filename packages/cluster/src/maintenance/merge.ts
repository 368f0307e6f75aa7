// Merges runs of level 0 into one, so that a load by many batches does not rewrite the pieces again and again: what is
// merged has about the size of what was written since. The merged run keeps each entry's version.

import type { RunEntry } from '../runs/block.js';
import { overlayEntries } from '../runs/overlay.js';
import { writeRun } from '../runs/run-writer.js';
import type { LevelZeroRun } from '../state/state.js';
import { commitRun } from './commit-run.js';
import { flushedState, type MaintenanceContext } from './flush.js';

/** A merge leaves at most this many other runs. */
const RUNS_LEFT = 4;
/** A run joins a merge of smaller ones if it is at most this many times as large. */
const SIZE_RATIO = 2;

/**
 * Merges the small runs of level 0 that are older than the last flush.
 *
 * @returns whether it did: false if there are few, or another process changed them meanwhile
 * @throws ClusterError as `LogClient.commit` and `writeRun`
 */
export async function mergeLevelZero(
  context: MaintenanceContext,
  runsLeft = RUNS_LEFT,
): Promise<boolean> {
  const { client, reader, signal } = context;
  const view = client.view();
  try {
    const state = flushedState(await view.state());
    const levelZero = runsToMerge(state.levelZero, runsLeft);
    if (levelZero.length < 2) return false;
    const pages = runPages(overlayEntries(reader, { ...state, levelZero }, signal));
    const written = await writeRun(pages, context);
    const runs = levelZero.map(({ run }) => run.id);
    const edit = { type: 'merge', runs, run: written?.run } as const;
    return (await commitRun(client, written, [edit])) !== undefined;
  } finally {
    view.release();
  }
}

/**
 * The smallest runs, and those that are not much larger: each entry is then merged about once for every doubling of
 * what was written.
 */
export function runsToMerge(
  levelZero: readonly LevelZeroRun[],
  runsLeft: number = RUNS_LEFT,
): LevelZeroRun[] {
  const bySize = [...levelZero].sort((a, b) => a.run.bytes - b.run.bytes);
  const chosen = new Set<LevelZeroRun>();
  let bytes = 0;
  for (const one of bySize) {
    const isMany = levelZero.length - chosen.size > runsLeft;
    if (!isMany && one.run.bytes > SIZE_RATIO * bytes) break;
    chosen.add(one);
    bytes += one.run.bytes;
  }
  // From new to old, as in the state.
  return levelZero.filter((one) => chosen.has(one));
}

async function* runPages(
  pages: ReturnType<typeof overlayEntries>,
): AsyncGenerator<RunEntry[], void, undefined> {
  for await (const page of pages) {
    yield page.map(({ key, value, version }) => ({ key, value, sequence: version }));
  }
}
