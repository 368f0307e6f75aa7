import { afterAll, beforeAll, describe, it } from 'vitest';
import { engineConformance } from './engine-conformance.js';
import { ModelEngine } from './model-engine.js';
import { type ByteStore, openStore, temporaryDirectory } from './real-store.test-support.js';

engineConformance('model engine', { describe, it }, async () => {
  const engine = new ModelEngine();
  return { engine, destroy: () => engine.close() };
});

// An open store keeps the process's worker threads alive, so that other stores open faster.
const keeperDirectory = temporaryDirectory();
let keeper: ByteStore;
beforeAll(async () => {
  keeper = await openStore(`${keeperDirectory.path}/keeper`);
});
afterAll(async () => {
  await keeper.close();
  keeperDirectory.remove();
});

engineConformance('store', { describe, it }, async () => {
  const directory = temporaryDirectory();
  const location = `${directory.path}/store`;
  let store = await openStore(location);
  return {
    engine: store,
    reopen: async () => {
      await store.close();
      store = await openStore(location);
      return store;
    },
    destroy: async () => {
      await store.close();
      directory.remove();
    },
  };
});
