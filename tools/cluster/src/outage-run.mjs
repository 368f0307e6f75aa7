// A store of one node, which is killed and started again: the driver then replaces what it knows of the node, since it
// has no other to ask.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterStore } from '@sstitch/cluster';
import { openCassandra } from '@sstitch/cluster/cassandra';
import { SUPERUSER } from './cassandra-nodes.mjs';

const OUTAGES = 3;
const SHORT_OUTAGES = 1;
/** Longer than the half minute for which the connection repeats a statement. */
const BOUND_MS = 60_000;

/** @returns what is wrong */
export async function runOutages({ nodes, isShort, log }) {
  const connection = await openCassandra({
    contactPoints: nodes.contactPoints,
    keyspace: 'outages',
    create: true,
    replicationFactor: 1,
    credentials: SUPERUSER,
  });
  // This run tests the connection, so the lease outlasts every outage.
  const store = new ClusterStore(connection.store('acme'), { leaseMs: 600_000 });
  await store.put('outage', '0');
  const problems = [];
  const view = store.snapshot();
  await store.get('outage', { snapshot: view });
  for (let outage = 1; outage <= (isShort ? SHORT_OUTAGES : OUTAGES); outage++) {
    await nodes.kill(1);
    const during = outcomeOf(store.get('outage'));
    await nodes.start([1]);
    log(`  the only node was killed and started again; a read meanwhile: ${await during}`);
    /** @type {[what: string, operation: () => Promise<unknown>][]} */
    const operations = [
      ['a read', () => store.get('outage')],
      ['a write', () => store.put('outage', String(outage))],
      ['a view', () => store.get('outage', { snapshot: view })],
    ];
    for (const [what, operation] of operations) {
      const timeout = sleep(BOUND_MS, 'no answer', { ref: false });
      const outcome = await Promise.race([outcomeOf(operation()), timeout]);
      if (outcome !== 'done') problems.push(`after outage ${outage}, ${what}: ${outcome}`);
    }
  }
  await view.close();
  await store.close();
  await connection.close();
  return problems;
}

function outcomeOf(operation) {
  return operation.then(
    () => 'done',
    (error) => `${error.code}: ${error.message}`,
  );
}
