import { afterAll, beforeAll, describe, it } from 'vitest';
import { type ByteStore, openStore, temporaryFolder } from './metamorphic/real-store.js';
import { makeStoreTarget } from './metamorphic/store-target.js';
import { runMetamorphic } from './metamorphic.js';
import { ModelEngine } from './model-engine.js';

const isLong = process.env['SSTITCH_LONG'] === '1';
const fromEnvironment = {
  ...(process.env['SSTITCH_SEED'] ? { seed: Number(process.env['SSTITCH_SEED']) } : {}),
  ...(process.env['SSTITCH_PATH'] ? { path: process.env['SSTITCH_PATH'] } : {}),
};

describe('metamorphic runs', () => {
  const folder = temporaryFolder();
  let keeper: ByteStore;
  // While one store is open its process's worker threads stay: the others open faster.
  beforeAll(async () => {
    keeper = await openStore(`${folder.path}/keeper`);
  });
  afterAll(async () => {
    await keeper.close();
    folder.remove();
  });

  it('the model engine agrees with the model', async () => {
    await runMetamorphic(
      async () => {
        const engine = new ModelEngine();
        return { engine, destroy: () => engine.close() };
      },
      { runs: 10, actions: 30, ...fromEnvironment },
    );
  });

  it(
    'the store agrees with the model',
    async () => {
      await runMetamorphic(makeStoreTarget, {
        runs: isLong ? 400 : 20,
        actions: isLong ? 120 : 50,
        ...fromEnvironment,
      });
    },
    isLong ? 3_600_000 : 120_000,
  );
});
