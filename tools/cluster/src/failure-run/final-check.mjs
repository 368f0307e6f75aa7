// What the parent learns of acknowledged writes, and the check of the store after the run.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterStore } from '@sstitch/cluster';
import { openCassandra } from '@sstitch/cluster/cassandra';
import driver from 'cassandra-driver';
import { byteEncodings, readState } from './workload.mjs';

export class FinalCheck {
  #setting;
  /** The last acknowledged batch of each writer. */
  acknowledged = {};
  #attempted = {};
  /** The last generation that was acknowledged, and those that began after it. */
  #generations = [];
  #replaced = 0;
  #views = 0;
  #longestWaitMs = 0;

  constructor(setting) {
    this.#setting = setting;
  }

  record({ type, ...message }) {
    if (type === 'attempt') this.#attempted[message.writer] = message.number;
    if (type === 'acknowledged') {
      this.acknowledged = { ...this.acknowledged, [message.writer]: message.number };
      this.#longestWaitMs = Math.max(this.#longestWaitMs, message.durationMs);
    }
    if (type === 'view') this.#views += 1;
    if (type === 'loading') this.#generations.push(message.generation);
    if (type === 'replaced') {
      this.#replaced += 1;
      // Replacements are made one after another: those before it are overwritten.
      this.#generations.splice(0, this.#generations.indexOf(message.generation));
    }
  }

  /** What was done so far, and the longest wait since the last call. */
  takeProgress() {
    const batches = Object.values(this.acknowledged).reduce((sum, number) => sum + number, 0);
    const wait = `longest wait of a writer ${(this.#longestWaitMs / 1000).toFixed(1)} s`;
    this.#longestWaitMs = 0;
    return `  ${batches} batches, ${this.#replaced} replacements, ${this.#views} views; ${wait}`;
  }

  /** @returns what is wrong */
  async run(log) {
    const { contactPoints, keyspace, name, leaseMs } = this.#setting;
    const problems = [];
    const connection = await openCassandra({ contactPoints, keyspace });
    const port = connection.store(name);
    const store = new ClusterStore(port, { ...byteEncodings, leaseMs });
    await store.open();
    try {
      const snapshot = store.snapshot();
      const state = await readState(store, snapshot);
      await snapshot.close();
      problems.push(...state.problems, ...this.#problemsOf(state));
      await collectAll(store, leaseMs);
      const { pieceRuns, levelZero, retired, loads, leases } = await store.clusterStatus();
      if (retired.runs > 0) problems.push(`${retired.runs} retired runs are left`);
      if (loads.length > 0) problems.push(`${loads.length} intents of loads are left`);
      if (leases.length !== 1) problems.push(`${leases.length} leases are left, instead of one`);
      const named = pieceRuns.runs + levelZero.runs;
      const { runs, checkpoints } = await countRuns(this.#setting);
      log(`  ${named} runs named, ${checkpoints} checkpoints, ${runs} in the table of blocks`);
      if (runs !== named + checkpoints)
        problems.push(`${runs - named - checkpoints} orphans are left`);
    } finally {
      await store.close();
      await connection.close();
    }
    return problems;
  }

  #problemsOf({ generation, batches }) {
    const problems = [];
    for (const [writer, number] of Object.entries(this.acknowledged)) {
      const found = batches.get(writer) ?? 0;
      if (found < number)
        problems.push(`writer ${writer}: batch ${number} is lost, ${found} is the last`);
      if (found > this.#attempted[writer])
        problems.push(`writer ${writer}: batch ${found} was not written`);
    }
    if (!this.#generations.includes(generation)) {
      problems.push(`generation ${generation} is in the store, not one of ${this.#generations}`);
    }
    return problems;
  }
}

/** Collects until every dead process has been seen as dead. */
async function collectAll(store, leaseMs) {
  await store.collect();
  await sleep(2 * leaseMs + 1_000);
  await store.collect();
  await store.collect();
}

async function countRuns({ contactPoints, keyspace }) {
  const port = Number(contactPoints[0].split(':')[1]);
  const client = new driver.Client({
    contactPoints,
    localDataCenter: 'datacenter1',
    protocolOptions: { port },
  });
  const consistency = driver.types.consistencies.all;
  try {
    const ids = new Set();
    const chunks = `SELECT DISTINCT run, chunk FROM ${keyspace}.blocks`;
    const options = { prepare: true, consistency, fetchSize: 1000, autoPage: true };
    /** @type {Promise<void>} */
    const read = new Promise((resolve, reject) => {
      const onRow = (_, row) => ids.add(String(row.run));
      client.eachRow(chunks, [], options, onRow, (error) => (error ? reject(error) : resolve()));
    });
    await read;
    const { rows } = await client.execute(`SELECT slot FROM ${keyspace}.checkpoints`, [], {
      consistency,
    });
    return { runs: ids.size, checkpoints: rows.length };
  } finally {
    await client.shutdown();
  }
}
