// Keeps LevelDB's stale get (leveldb/shadowed-keys.ts) out of compactRange and of a store's open.
//
// LevelDB must not compact one of two tables of a level that share a key. A commit without spans lays out a generation
// without such pairs, while snapshots and iterators keep the generation before it. A compaction with open snapshots can
// make new ones, which are repaired after it: shadowed keys that the tables' bounds show by such a commit, and other
// stale keys by a compaction of the key alone, which merges its versions in the order of their sequences.

import { keyAfter } from '@sstitch/contract';
import { errorCodeOf } from '../errors.js';
import { findSharedKeysTask } from '../leveldb/find-shared-keys.js';
import { flushGeneration } from '../leveldb/flush.js';
import { checkFlushDoneTask } from '../leveldb/flush-failure.js';
import { noTables } from '../tables/extracted-tables.js';
import type { StoreCore } from './store-core.js';

/** The limit of repairs. Another is needed only if snapshots opened since let a compaction make new pairs. */
const MAX_ROUNDS = 10;

/** Compacts a range of the current generation; see the top of this file. */
export async function compactStoreRange(
  core: StoreCore,
  start: Uint8Array,
  end: Uint8Array,
): Promise<void> {
  if ((await findSharedKeys(core, false)).shadowed > 0) await commitWithoutSpans(core);
  await compactCurrent(core, start, end);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { shadowed, staleKeys } = await findSharedKeys(core, true);
    if (shadowed > 0) await commitWithoutSpans(core);
    else if (staleKeys.length === 0) break;
    else for (const key of staleKeys) await compactCurrent(core, key, key);
  }
  await core.purgeRange({ start, end: keyAfter(end) });
}

/**
 * Repairs shadowed keys that LevelDB left, before a store is used. If there are none, it only reads the MANIFEST.
 *
 * @throws EngineError what a commit throws, and closes the store. A failure is ignored, except for a failed fsync, as
 * long as no get is stale yet: a store on a full disk still opens
 */
export async function repairOpenedStore(core: StoreCore): Promise<void> {
  try {
    await repair(core);
  } catch (error) {
    await core.close();
    throw error;
  }
}

async function repair(core: StoreCore): Promise<void> {
  const { shadowed, stale } = await findSharedKeys(core, false);
  if (shadowed === 0) return;
  try {
    await commitWithoutSpans(core);
  } catch (error) {
    if (stale > 0 || errorCodeOf(error) === 'SSTITCH_STORE_POISONED') throw error;
  }
}

async function findSharedKeys(core: StoreCore, reads: boolean) {
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

async function commitWithoutSpans(core: StoreCore): Promise<void> {
  await core.commit(noTables([]), { moveIncoming: false, signal: undefined });
}

async function compactCurrent(core: StoreCore, start: Uint8Array, end: Uint8Array): Promise<void> {
  const generation = core.current;
  generation.retain();
  try {
    const { directory, database } = generation;
    const signal = core.operations.closing;
    // LevelDB's compaction flushes first, but swallows a failure of the flush.
    const leastLogNumber = await flushGeneration(core.pool, directory, database, signal);
    const input = { directory, leastLogNumber, scratchDirectory: core.directory };
    await core.operations.runFileWork(() => core.pool.run(checkFlushDoneTask, input, { signal }));
    await database.compactRange(start, end, { keyEncoding: 'view' });
  } finally {
    generation.release();
  }
}
