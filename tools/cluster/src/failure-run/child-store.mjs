// The store of a child process: opened again after its lease was lost, with errors sorted into those that a caller
// expects of a cluster that fails, and violations.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterStore } from '@sstitch/cluster';
import { openCassandra } from '@sstitch/cluster/cassandra';
import { byteEncodings } from './workload.mjs';

/** What a store may throw while nodes fail and its own process is stopped. */
const EXPECTED = new Set([
  'SSTITCH_CLUSTER_UNAVAILABLE',
  'SSTITCH_COMMIT_UNKNOWN',
  'SSTITCH_LEASE_LOST',
  'SSTITCH_LOAD_ABORTED',
]);
/** After these the store has to be opened again. */
const REOPEN = new Set(['SSTITCH_LEASE_LOST', 'SSTITCH_LOAD_ABORTED']);
const PAUSE_MS = 200;

/** The setting of the run, as the parent passes it. */
export const setting = JSON.parse(process.argv[2]);

/** Sends a message to the parent. */
export function report(type, content = {}) {
  process.send({ type, ...content });
}

/** Set when the parent asks the child to end. */
export const run = { isStopping: false };

/** The last batch of each writer that the parent knows to be acknowledged. */
export let acknowledged = {};

process.on('message', (/** @type {any} */ message) => {
  if (message.type === 'stop') run.isStopping = true;
  if (message.type === 'acknowledged') ({ acknowledged } = message);
});
process.on('disconnect', () => {
  if (!run.isStopping) process.exit(1);
});

/** Calls `work` with a store, again and again, until the parent says stop. */
export async function repeat(work) {
  const { contactPoints, keyspace, name, leaseMs } = setting;
  let connection;
  let store;
  while (!run.isStopping) {
    try {
      connection ??= await openCassandra({ contactPoints, keyspace });
      if (store === undefined) {
        store = new ClusterStore(connection.store(name), { ...byteEncodings, leaseMs });
        await store.open();
        report('opened');
      }
      await work(store);
    } catch (error) {
      const code = codeOf(error);
      if (!EXPECTED.has(code)) {
        report('violation', { text: error.stack });
        process.exit(1);
      }
      report('failure', { code });
      if (REOPEN.has(code) || store?.status !== 'open') {
        await close(store);
        store = undefined;
      }
      await sleep(PAUSE_MS);
    }
  }
  await close(store);
  await connection?.close();
  process.disconnect();
}

/** abstract-level wraps what `open` throws. */
function codeOf(error) {
  for (let at = error; at !== undefined; at = at.cause) {
    if (EXPECTED.has(at.code)) return at.code;
  }
  return error.code;
}

async function close(store) {
  try {
    await store?.close();
  } catch (error) {
    report('failure', { code: codeOf(error) });
  }
}
