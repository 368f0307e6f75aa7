import { describe, it } from 'vitest';
import { MemoryCluster } from '../src/memory/memory-port.js';
import { portConformance } from './port-conformance/port-conformance.js';

portConformance(
  'memory',
  { describe, it },
  async () => {
    const cluster = new MemoryCluster();
    return { open: async (store) => cluster.store(store), destroy: async () => {} };
  },
  { largeBlockBytes: 8 * 1024 * 1024 },
);
