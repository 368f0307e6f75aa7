// The conformance suite of the engine contract, on the backend in memory.
import { engineConformance } from '@sstitch/testkit';
import { describe, it } from 'vitest';
import { MemoryCluster } from '../memory/memory-port.js';
import { ClusterStore } from './cluster-store.js';

engineConformance('cluster store', { describe, it }, async () => {
  const cluster = new MemoryCluster();
  const open = async () => {
    const store = new ClusterStore<Uint8Array, Uint8Array>(cluster.store('store'), {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    await store.open();
    return store;
  };
  let store = await open();
  return {
    engine: store,
    reopen: async () => {
      await store.close();
      store = await open();
      return store;
    },
    destroy: () => store.close(),
  };
});
