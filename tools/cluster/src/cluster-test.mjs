// `pnpm cluster:test`: starts three Cassandra nodes, runs the suites of the cluster package on them and on PostgreSQL,
// then the failure run.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CassandraNodes } from './cassandra-nodes.mjs';
import { runFailures } from './failure-run/failure-run.mjs';
import { exitForMissing, MissingRequirement, requireNamespaces } from './requirements.mjs';

const USAGE = `Usage: pnpm cluster:test [options]

  --short              one failure of each kind: under four minutes
  --only PART          suites, or failures
  --commit-log MODE    periodic, group or batch (periodic)
  --port-offset N      added to the nodes' ports (0)`;

const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    'commit-log': { type: 'string', default: 'periodic' },
    'port-offset': { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});
const startMs = performance.now();

function log(text) {
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(6);
  console.log(`${seconds} s  ${text}`);
}

/** @returns whether the suites passed */
function runSuites(contactPoints) {
  const cwd = fileURLToPath(new URL('../../../packages/cluster', import.meta.url));
  const env = { ...process.env, SSTITCH_CASSANDRA: contactPoints.join(',') };
  const args = ['vitest', 'run', 'test/cassandra', 'test/postgres'];
  return spawnSync('npx', args, { cwd, env, stdio: 'inherit' }).status === 0;
}

async function main() {
  if (flags.help) {
    console.log(USAGE);
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), 'sstitch-cluster-test-'));
  let nodes;
  try {
    nodes = await CassandraNodes.create({
      directory,
      portOffset: Number(flags['port-offset']),
      commitLog: flags['commit-log'],
      partitions: canPartition(),
    });
    log('three Cassandra nodes are up');
    const problems = [];
    if (flags.only !== 'failures' && !runSuites(nodes.contactPoints)) {
      problems.push('a suite failed');
    }
    if (flags.only !== 'suites') {
      problems.push(...(await runFailures({ nodes, isShort: flags.short, log })));
    }
    for (const problem of problems) log(`wrong: ${problem}`);
    log(problems.length === 0 ? 'everything held' : `${problems.length} things are wrong`);
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    await nodes?.wipe();
    await rm(directory, { recursive: true, force: true });
  }
}

function canPartition() {
  try {
    requireNamespaces();
    return true;
  } catch (error) {
    if (!(error instanceof MissingRequirement)) throw error;
    return false;
  }
}

try {
  await main();
} catch (error) {
  exitForMissing(error);
}
