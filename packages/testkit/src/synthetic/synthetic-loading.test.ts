import { digestSync, SyncStore, verifyIndexes } from '@sstitch/records';
import { describe, expect, it } from 'vitest';
import { ModelEngine } from '../model-engine.js';
import { openStore, temporaryDirectory } from '../real-store.test-support.js';
import { loadSyntheticSync, syntheticSync, writeSyntheticSync } from './synthetic-syncs.js';

describe('a synthetic sync in an engine', () => {
  it('has the same content if written sorted, written shuffled, loaded into a store or put as records', async () => {
    const options = { seed: 3, grants: 400, revision: 4 };
    const directory = temporaryDirectory();
    const store = await openStore(`${directory.path}/store`);
    const [sorted, shuffled, records] = [new ModelEngine(), new ModelEngine(), new ModelEngine()];
    try {
      // Loads an older revision first, of which nothing may be left.
      await loadSyntheticSync(store, { ...options, revision: 1 });
      const { syncId, entries } = await loadSyntheticSync(store, options);
      const digest = await digestSync(store, syncId);
      expect(digest.keys).toBe(entries);
      expect((await writeSyntheticSync(sorted, options)).entries).toBe(entries);
      await writeSyntheticSync(shuffled, { ...options, shuffle: true, batchEntries: 50 });
      for (const batch of syntheticSync(options).records()) {
        await new SyncStore(records).putMany(syncId, batch);
      }
      for (const engine of [sorted, shuffled, records]) {
        expect(await digestSync(engine, syncId)).toEqual(digest);
      }
      const problems = [];
      for await (const problem of verifyIndexes(store, syncId)) problems.push(problem);
      expect(problems).toEqual([]);
    } finally {
      await store.close();
      directory.remove();
    }
  });
});
