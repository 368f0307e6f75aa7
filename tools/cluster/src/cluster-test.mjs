// `pnpm cluster:test`: checks passwords, TLS and outages on one Cassandra node, then starts three, runs the suites of the
// cluster package on them and on PostgreSQL, the main job and the failure run.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CassandraNodes } from './cassandra-nodes.mjs';
import { runFailures } from './failure-run/failure-run.mjs';
import { runMainJob } from './main-job.mjs';
import { runOutages } from './outage-run.mjs';
import {
  exitForMissing,
  MissingRequirement,
  requireNamespaces,
  requirePostgres,
} from './requirements.mjs';
import { runSecurity } from './security-run.mjs';

/** Of each sync of the main job. */
const GRANTS = 100_000;
const SHORT_GRANTS = 10_000;

/** abstract-level's suite and the random sequences take minutes. */
const WITHOUT_LONG_TESTS = '^((?!abstract-level|agrees with the model).)*$';

const USAGE = `Usage: pnpm cluster:test [options]

  --short              one failure of each kind, and no test that takes minutes
  --only PART          one-node, suites, main-job or failures
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

/** @returns whether the suites passed. Those on PostgreSQL start a server, or are skipped */
function runSuites(contactPoints, isShort) {
  const cwd = fileURLToPath(new URL('../../../packages/cluster', import.meta.url));
  const env = { ...process.env, SSTITCH_CASSANDRA: contactPoints.join(',') };
  const pattern = isShort ? ['--testNamePattern', WITHOUT_LONG_TESTS] : [];
  const args = ['vitest', 'run', 'test/cassandra', 'test/postgres', ...pattern];
  return spawnSync('npx', args, { cwd, env, stdio: 'inherit' }).status === 0;
}

/** @returns what is wrong */
async function runOnOneNode({ directory, portOffset }) {
  const nodes = await CassandraNodes.create({
    directory: join(directory, 'one-node'),
    count: 1,
    portOffset,
    // Under 'periodic' a node that is killed loses what it acknowledged just before, and no other node has it.
    commitLog: 'group',
    isSecured: true,
  });
  try {
    log('a node that demands passwords is up');
    return [
      ...(await runSecurity({ directory, nodes, log })),
      ...(await runOutages({ nodes, isShort: flags.short, log })),
    ];
  } finally {
    await nodes.wipe();
  }
}

function report(problems) {
  for (const problem of problems) log(`wrong: ${problem}`);
  log(problems.length === 0 ? 'everything held' : `${problems.length} things are wrong`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

async function main() {
  if (flags.help) {
    console.log(USAGE);
    return;
  }
  if (process.env['SSTITCH_CLUSTER'] === 'required') requirePostgres();
  const directory = await mkdtemp(join(tmpdir(), 'sstitch-cluster-test-'));
  const portOffset = Number(flags['port-offset']);
  const has = (part) => flags.only === undefined || flags.only === part;
  const problems = [];
  let nodes;
  try {
    if (has('one-node')) {
      problems.push(...(await runOnOneNode({ directory, portOffset })));
      if (flags.only === 'one-node') return report(problems);
    }
    nodes = await CassandraNodes.create({
      directory,
      portOffset,
      commitLog: flags['commit-log'],
      partitions: canPartition(),
    });
    log('three Cassandra nodes are up');
    if (has('suites') && !runSuites(nodes.contactPoints, flags.short))
      problems.push('a suite failed');
    if (has('main-job')) {
      const grants = flags.short ? SHORT_GRANTS : GRANTS;
      problems.push(...(await runMainJob({ nodes, grants, log })));
    }
    if (has('failures')) {
      problems.push(...(await runFailures({ nodes, isShort: flags.short, log })));
    }
    report(problems);
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
