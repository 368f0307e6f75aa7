// The main job on Cassandra: one of three syncs of a base is replaced from a local store, twice: a node is killed in the
// middle of the first load, and another at the second commit. Then the digests of the base and of the local store are
// equal, and those of the other syncs as before.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterStore } from '@sstitch/cluster';
import { openCassandra } from '@sstitch/cluster/cassandra';
import { compact } from '@sstitch/compactor';
import { Store } from '@sstitch/engine';
import { digestSync } from '@sstitch/records';
import { loadSyntheticSync, syntheticSyncId } from '@sstitch/testkit';
import { byteEncodings } from './failure-run/workload.mjs';

const SYNCS = 3;

/**
 * @param {object} options
 * @param {any} options.nodes a cluster of three nodes
 * @param {number} options.grants of each sync
 * @param {(line: string) => void} options.log
 * @returns what is wrong; empty if nothing is
 */
export async function runMainJob({ nodes, grants, log }) {
  const directory = await mkdtemp(join(tmpdir(), 'sstitch-main-job-'));
  const keyspace = `main_job_${Date.now()}`;
  const { contactPoints } = nodes;
  const connection = await openCassandra({ contactPoints, keyspace, create: true });
  const base = new ClusterStore(connection.store('base'), byteEncodings);
  const source = new Store(join(directory, 'source'), byteEncodings);
  const untilAllAnswer = () => nodes.untilAllAnswer(`${keyspace}.leases`);
  try {
    await base.open();
    for (let syncIndex = 0; syncIndex < SYNCS; syncIndex++) {
      const { entries, replaced } = await loadSyntheticSync(base, { grants, syncIndex });
      log(`  sync ${syncIndex} loaded: ${entries} entries in ${seconds(replaced.durationMs)}`);
    }
    const job = { base, source, nodes, grants, log, untilAllAnswer };
    return [
      ...(await replaceOne({ ...job, revision: 2, killed: 1, atEvent: 'building' })),
      ...(await replaceOne({ ...job, revision: 3, killed: 2, atEvent: 'committing' })),
    ];
  } finally {
    await base.close();
    await source.close();
    await connection.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Replaces sync 0 by a newer revision; kills a node at an event of the compaction. */
async function replaceOne({ base, source, nodes, grants, revision, killed, atEvent, ...job }) {
  const { log, untilAllAnswer } = job;
  const problems = [];
  const syncId = syntheticSyncId({ syncIndex: 0 });
  await loadSyntheticSync(source, { grants, syncIndex: 0, revision });
  const others = await digestsOfOthers(base);
  let killing;
  const onProgress = ({ type }) => {
    if (type !== atEvent || killing !== undefined) return;
    log(`  kill -9 node ${killed} while ${type}`);
    killing = nodes.kill(killed);
  };
  const result = await compact({ base, source, syncIds: [syncId], onProgress });
  await killing;
  log(`  replaced by revision ${revision} in ${seconds(result.durationMs)}: ${result.strategy}`);
  if (killing === undefined) problems.push(`no node was killed: there was no event ${atEvent}`);
  const [found, expected] = [await digestSync(base, syncId), await digestSync(source, syncId)];
  log(`  ${found.keys} entries, digest ${found.digest.slice(0, 16)}, read without node ${killed}`);
  if (found.digest !== expected.digest) problems.push('the digest of the replaced sync differs');
  const after = await digestsOfOthers(base);
  if (after.join() !== others.join()) problems.push('another sync has changed');
  await nodes.start([killed]);
  await untilAllAnswer();
  return problems;
}

async function digestsOfOthers(base) {
  const digests = [];
  for (let syncIndex = 1; syncIndex < SYNCS; syncIndex++) {
    digests.push((await digestSync(base, syntheticSyncId({ syncIndex }))).digest);
  }
  return digests;
}

function seconds(durationMs) {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
