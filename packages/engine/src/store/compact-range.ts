// compactRange, and a store's opening, without LevelDB's stale get (shadowed-keys.ts).
//
// LevelDB must not find two tables of a level that share a key when it compacts one of them. A commit without
// spans lays out a generation in which there are none; snapshots and iterators keep the one before. What a
// compaction under open snapshots makes itself is healed when it has ended: pairs, and keys whose old version
// was left in a shallower level, by bounds, by a commit; others by compacting that key alone, which merges its
// versions in the order of their sequences.

import { keyAfter } from '@sstitch/contract';
import { errorCodeOf } from '../errors.js';
import { findSharedKeysTask } from '../leveldb/find-shared-keys.js';
import { flushGeneration } from '../leveldb/flush.js';
import { checkFlushDoneTask } from '../leveldb/flush-failure.js';
import { noTables } from '../tables/extracted-tables.js';
import type { StoreCore } from './store-core.js';

/** Each round follows compactions under snapshots that were opened since the last. */
const MAX_ROUNDS = 10;

/** Compacts a range of the current generation; see the head of this file. */
export async function compactStoreRange(
  core: StoreCore,
  start: Uint8Array,
  end: Uint8Array,
): Promise<void> {
  if ((await find(core, false)).shadowed > 0) await layOutAnew(core);
  await compactCurrent(core, start, end);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { shadowed, staleKeys } = await find(core, true);
    if (shadowed > 0) await layOutAnew(core);
    else if (staleKeys.length === 0) break;
    else for (const key of staleKeys) await compactCurrent(core, key, key);
  }
  await core.purgeRange({ start, end: keyAfter(end) });
}

/**
 * Heals what LevelDB left, before a store is used. It costs a look at the MANIFEST where there is nothing.
 *
 * @throws EngineError what a commit throws; the store is closed then. Where get is not stale yet, a full disk is no
 * reason not to open
 */
export async function healOpenedStore(core: StoreCore): Promise<void> {
  try {
    await heal(core);
  } catch (error) {
    await core.close();
    throw error;
  }
}

async function heal(core: StoreCore): Promise<void> {
  const { shadowed, stale } = await find(core, false);
  if (shadowed === 0) return;
  try {
    await layOutAnew(core);
  } catch (error) {
    if (stale > 0 || errorCodeOf(error) === 'SSTITCH_STORE_POISONED') throw error;
  }
}

async function find(core: StoreCore, reads: boolean) {
  const generation = core.current;
  generation.retain();
  try {
    const { directory } = generation;
    const signal = core.operations.closing;
    return await core.operations.runFileWork(() =>
      core.pool.run(findSharedKeysTask, { directory, reads }, { signal }),
    );
  } finally {
    generation.release();
  }
}

async function layOutAnew(core: StoreCore): Promise<void> {
  await core.commit(noTables([]), { moveIncoming: false, signal: undefined });
}

async function compactCurrent(core: StoreCore, start: Uint8Array, end: Uint8Array): Promise<void> {
  const generation = core.current;
  generation.retain();
  try {
    const { directory, database } = generation;
    const signal = core.operations.closing;
    // LevelDB flushes first, and reports no failure of that.
    const leastLogNumber = await flushGeneration(core.pool, directory, database, signal);
    const input = { directory, leastLogNumber, scratchDirectory: core.directory };
    await core.operations.runFileWork(() => core.pool.run(checkFlushDoneTask, input, { signal }));
    await database.compactRange(start, end, { keyEncoding: 'view' });
  } finally {
    generation.release();
  }
}
