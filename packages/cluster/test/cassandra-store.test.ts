// The contract of engines on Cassandra nodes.
import { randomUUID } from 'node:crypto';
import { engineConformance } from '@sstitch/testkit';
import { afterAll, describe, it } from 'vitest';
import { ClusterStore } from '../src/store/cluster-store.js';
import { connectToCassandra, missingCassandra } from './cassandra-nodes.js';

const TIMEOUT_MS = 120_000;

if (missingCassandra !== undefined) {
  it.skip(missingCassandra, () => {});
} else {
  const connecting = connectToCassandra();
  afterAll(async () => (await connecting).close());

  const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;
  const open = async (name: string) => {
    const connection = await connecting;
    const store = new ClusterStore<Uint8Array, Uint8Array>(connection.store(name), encodings);
    await store.open();
    return store;
  };
  engineConformance(
    'Cassandra',
    { describe, it: (name, body) => it(name, { timeout: TIMEOUT_MS }, body) },
    async () => {
      const name = `conformance/${randomUUID()}`;
      let store = await open(name);
      return {
        engine: store,
        reopen: async () => {
          await store.close();
          store = await open(name);
          return store;
        },
        destroy: () => store.close(),
      };
    },
  );
}
