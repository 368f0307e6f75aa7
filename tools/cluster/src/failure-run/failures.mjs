// What goes wrong during the run. At most one node is down at a time, so that a quorum is there, but for the last two.
import { setTimeout as sleep } from 'node:timers/promises';

/** How long after the message that a load begins a node or a process fails: in its middle. */
const INTO_LOAD_MS = 150;
/** Above a process's own time-outs. */
const RECOVERY_MS = 120_000;

/** Kills a node with -9 while blocks are written, and starts it again. */
export async function killNodeInLoad(context, number) {
  const { nodes, replacers, log } = context;
  await replacers[0].next('loading');
  await sleep(INTO_LOAD_MS);
  log(`kill -9 node ${number} in the middle of a load`);
  await nodes.kill(number);
  await restart(context, number);
}

/** Kills a node with -9 while writers wait for their commits, and starts it again. */
export async function killNodeInCommits(context, number) {
  const { nodes, writers, log } = context;
  await writers[0].next('attempt');
  log(`kill -9 node ${number} in the middle of commits`);
  await nodes.kill(number);
  await restart(context, number);
}

/** Takes a node off the network: packets to it vanish. */
export async function partitionNode({ nodes, untilAllAnswer, outageMs, log }, number) {
  log(`node ${number} off the network`);
  nodes.cutOff(number);
  await sleep(outageMs);
  nodes.connectAgain(number);
  log(`node ${number} on the network again`);
  await untilAllAnswer();
}

/** Stops a node: it keeps its connections and is silent. */
export async function stopNode({ nodes, untilAllAnswer, outageMs, log }, number) {
  log(`SIGSTOP node ${number}`);
  nodes.pause(number);
  await sleep(outageMs);
  nodes.resume(number);
  log(`SIGCONT node ${number}`);
  await untilAllAnswer();
}

/** Stops a reader that holds a snapshot for longer than others keep what it reads. */
export async function stopReader({ readers, leaseMs, log, problems }) {
  const [reader] = readers;
  await reader.next('view');
  await stopChild(reader, 'reader', { leaseMs, log });
  await expectLost(reader, problems);
}

/** Stops a process in the middle of a load for as long: its run is collected, and it must not commit it. */
export async function stopReplacer({ replacers, leaseMs, log, problems }) {
  const [replacer] = replacers;
  await replacer.next('loading');
  await sleep(INTO_LOAD_MS);
  await stopChild(replacer, 'replacer', { leaseMs, log });
  await expectLost(replacer, problems);
}

/** Kills a process in the middle of a load: its run is an orphan. */
export async function killReplacer(context) {
  const { replacers, log, startReplacer } = context;
  await replacers[0].next('loading');
  await sleep(INTO_LOAD_MS);
  log('kill -9 replacer in the middle of a load');
  await replacers[0].kill();
  replacers[0] = startReplacer();
  await replacers[0].next('replaced');
}

/** Takes all nodes off the network, from each other too, for longer than every lease. */
export async function partitionAll(context) {
  const { nodes, untilAllAnswer, leaseMs, outageMs, log } = context;
  log('all nodes off the network');
  for (const number of nodes.numbers) nodes.cutOff(number);
  await sleep(leaseMs + outageMs);
  for (const number of nodes.numbers) nodes.connectAgain(number);
  log('all nodes on the network again');
  await untilAllAnswer();
  await expectProgress(context);
}

/** Kills all nodes at once with -9, and starts them again. */
export async function killAll(context) {
  const { nodes, untilAllAnswer, log } = context;
  log('kill -9 all nodes');
  await Promise.all(nodes.numbers.map((number) => nodes.kill(number)));
  await nodes.start();
  await untilAllAnswer();
  log('all nodes are back');
  await expectProgress(context);
}

/** After an outage every process continues by itself. */
async function expectProgress({ writers, readers, replacers, problems, log }) {
  const startMs = performance.now();
  const everyone = Promise.all([
    ...writers.map((writer) => writer.next('acknowledged')),
    ...readers.map((reader) => reader.next('view')),
    ...replacers.map((replacer) => replacer.next('replaced')),
  ]);
  const late = sleep(RECOVERY_MS, 'late', { ref: false });
  if ((await Promise.race([everyone, late])) === 'late') {
    problems.push(`a process had not gone on ${RECOVERY_MS / 1000} s after an outage`);
    return;
  }
  log(`  every process goes on after ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
}

async function restart({ nodes, untilAllAnswer, outageMs, log }, number) {
  await sleep(outageMs);
  await nodes.start([number]);
  await untilAllAnswer();
  log(`node ${number} is back`);
}

async function stopChild(child, name, { leaseMs, log }) {
  // Others wait twice the lease before they take a process for dead.
  const durationMs = 3 * leaseMs;
  log(`SIGSTOP ${name} for ${durationMs / 1000} s`);
  child.signal('SIGSTOP');
  await sleep(durationMs);
  child.signal('SIGCONT');
}

async function expectLost(child, problems) {
  await child.next('opened');
  const { SSTITCH_LEASE_LOST: lost = 0, SSTITCH_LOAD_ABORTED: aborted = 0 } = child.counts;
  if (lost + aborted === 0)
    problems.push('a process that slept did not notice that it lost its lease');
}
