// A process that writes to a store for some seconds: puts, then replacements.
import { ClusterStore } from '@sstitch/cluster';
import { openCassandra } from '@sstitch/cluster/cassandra';
import { byteEncodings } from '@sstitch/contract';
import { loadSyntheticSync } from '@sstitch/testkit';

const AT_ONCE = 16;
const GRANTS = 2000;

const { contactPoints, keyspace, store: name, seconds } = JSON.parse(process.argv[2]);
const connection = await openCassandra({ contactPoints, keyspace });
const store = new ClusterStore(connection.store(name), byteEncodings);
await store.open();

const work = {
  put: async () => {
    const endMs = performance.now() + seconds * 1000;
    let puts = 0;
    let longestMs = 0;
    const writer = async (_, number) => {
      for (let at = 0; performance.now() < endMs; at++) {
        const startMs = performance.now();
        const key = Buffer.from(`${process.pid} ${number} ${at}`);
        await store.put(key, Buffer.alloc(100), byteEncodings);
        longestMs = Math.max(longestMs, performance.now() - startMs);
        puts += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, writer));
    return { puts, longestMs };
  },
  replace: async () => {
    const endMs = performance.now() + seconds * 1000;
    let entries = 0;
    for (let revision = 1; performance.now() < endMs; revision++) {
      const syncIndex = process.pid % 1000;
      entries += (await loadSyntheticSync(store, { grants: GRANTS, syncIndex, revision })).entries;
    }
    return { entries };
  },
};

process.on('message', async (phase) => process.send(await work[phase]()));
process.once('disconnect', async () => {
  await store.close();
  await connection.close();
  process.exit(0);
});
process.send('ready');
