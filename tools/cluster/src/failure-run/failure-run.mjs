// Writers, readers with held snapshots and a replacer in processes of their own, while nodes and processes fail. Then:
// every acknowledged write is there, every state that a reader saw was one state, and nothing is left that no state
// names.
import { setTimeout as sleep } from 'node:timers/promises';
import { openCassandra } from '@sstitch/cluster/cassandra';
import { ChildProcess } from './child-process.mjs';
import * as failures from './failures.mjs';
import { FinalCheck } from './final-check.mjs';

const STORE = 'failures';
/** How long a node is down, and how long others keep what a process reads. */
const LONG = { outageMs: 10_000, leaseMs: 8_000 };
const SHORT = { outageMs: 5_000, leaseMs: 5_000 };
const ENTRIES_PER_SPAN = 5_000;
/** How often readers learn which writes are acknowledged. */
const BROADCAST_MS = 200;
const SETTLE_MS = 3_000;

/**
 * @param {object} options
 * @param {any} options.nodes a cluster of three nodes
 * @param {boolean} options.isShort one of each failure instead of every node in turn
 * @param {(line: string) => void} options.log
 * @returns what is wrong; empty if nothing is
 */
export async function runFailures({ nodes, isShort, log }) {
  const problems = [];
  const { outageMs, leaseMs } = isShort ? SHORT : LONG;
  const setting = {
    contactPoints: nodes.contactPoints,
    // All that the keyspace holds is counted at the end.
    keyspace: `failures_${Date.now()}`,
    name: STORE,
    leaseMs,
    entriesPerSpan: ENTRIES_PER_SPAN,
  };
  await createKeyspace(setting);
  const check = new FinalCheck(setting);
  const children = [];
  let replacersStarted = 0;
  const start = (script, own) => {
    const child = new ChildProcess(script, { ...setting, ...own }, (message) => {
      check.record(message);
      if (message.type === 'violation') problems.push(message.text);
    });
    children.push(child);
    return child;
  };
  const startReplacer = () => start('replacer-child.mjs', { replacer: `R${++replacersStarted}` });
  const writers = ['A', 'B', 'C'].map((writer) => start('writer-child.mjs', { writer }));
  const readers = ['', ''].map(() => start('reader-child.mjs', {}));
  const replacers = [startReplacer()];
  const timer = setInterval(() => {
    for (const reader of readers) {
      reader.send({ type: 'acknowledged', acknowledged: check.acknowledged });
    }
  }, BROADCAST_MS);
  const untilAllAnswer = () => nodes.untilAllAnswer(`${setting.keyspace}.leases`);
  const processes = { writers, readers, replacers, startReplacer };
  const context = { nodes, untilAllAnswer, ...processes, log, problems, outageMs, leaseMs };
  try {
    await replacers[0].next('replaced');
    await Promise.all(readers.map((reader) => reader.next('view')));
    for (const fail of isShort ? shortRun(nodes) : longRun(nodes)) {
      await fail(context);
      log(check.takeProgress());
    }
    await sleep(SETTLE_MS);
  } finally {
    clearInterval(timer);
    const ended = await Promise.all(children.map((child) => child.stop()));
    for (const [at, child] of children.entries()) {
      log(`${child.script}: ${JSON.stringify(child.counts)}`);
      const wasKilled = child !== replacers[0] && child.script === 'replacer-child.mjs';
      if (!ended[at] && !wasKilled) problems.push(`${child.script} did not end by itself`);
    }
  }
  problems.push(...(await check.run(log)));
  return problems;
}

const WITHOUT_PARTITIONS = ({ log }) => {
  log('skipped: a network partition needs Linux, root and ip');
};

function shortRun({ hasPartitions }) {
  return [
    (context) => failures.killNodeInLoad(context, 1),
    (context) => failures.killNodeInCommits(context, 2),
    hasPartitions ? (context) => failures.partitionNode(context, 3) : WITHOUT_PARTITIONS,
    failures.stopReader,
    failures.killReplacer,
  ];
}

function longRun({ numbers, hasPartitions }) {
  return [
    ...numbers.map((number) => (context) => failures.killNodeInLoad(context, number)),
    ...numbers.map((number) => (context) => failures.killNodeInCommits(context, number)),
    ...(hasPartitions
      ? numbers.map((number) => (context) => failures.partitionNode(context, number))
      : [WITHOUT_PARTITIONS]),
    (context) => failures.stopNode(context, 2),
    failures.stopReader,
    failures.stopReplacer,
    failures.killReplacer,
    ...(hasPartitions ? [failures.partitionAll] : []),
    failures.killAll,
  ];
}

async function createKeyspace({ contactPoints, keyspace }) {
  const connection = await openCassandra({ contactPoints, keyspace, create: true });
  await connection.close();
}
