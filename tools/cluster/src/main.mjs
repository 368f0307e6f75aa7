// Starts and stops Cassandra nodes from the command line.
import { parseArgs } from 'node:util';
import { CassandraNodes } from './cassandra-nodes.mjs';
import { COMMIT_LOG_MODES } from './cassandra-settings.mjs';
import { exitForMissing } from './requirements.mjs';

const USAGE = `Usage: node tools/cluster/src/main.mjs COMMAND

  create                 makes and starts a Cassandra cluster on 127.0.0.1, .2, .3 …
    --nodes N            (3)
    --port-offset N      added to the ports 19042, 17000 and 17199 (0)
    --commit-log MODE    ${COMMIT_LOG_MODES.join(', ')} (periodic)
    --partitions         each node in a network namespace, so that it can be cut off; Linux, root
  status                 nodes, memory, CPU time
  start [NODE …]         nodes count from 1; without, all
  stop [NODE …]
  kill NODE …            kill -9
  pause NODE …           SIGSTOP
  resume NODE …          SIGCONT
  cut-off NODE …         takes nodes off the network
  connect NODE …         puts them back
  wipe                   stops the nodes and removes them; the jars stay in the user's cache

  --directory D          where it is kept (under the temporary directory)

The exit code is 77, with one line, where Java or Maven is missing; 1 with SSTITCH_CLUSTER=required.`;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string', default: '3' },
    'port-offset': { type: 'string', default: '0' },
    'commit-log': { type: 'string', default: 'periodic' },
    partitions: { type: 'boolean', default: false },
    directory: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const directory = flags.directory === undefined ? {} : { directory: flags.directory };

function each(action) {
  return async (nodes, numbers) => {
    for (const number of numbers) await action(nodes, number);
  };
}

const commands = {
  create: async () => {
    const nodes = await CassandraNodes.create({
      ...directory,
      count: Number(flags.nodes),
      portOffset: Number(flags['port-offset']),
      commitLog: flags['commit-log'],
      partitions: flags.partitions,
    });
    console.log(`SSTITCH_CASSANDRA=${nodes.contactPoints.join(',')}`);
  },
  status: async (nodes) => console.table(await nodes.status()),
  start: (nodes, numbers) => nodes.start(numbers.length === 0 ? undefined : numbers),
  stop: (nodes, numbers) => nodes.stop(numbers.length === 0 ? undefined : numbers),
  wipe: (nodes) => nodes.wipe(),
  kill: each((nodes, number) => nodes.kill(number)),
  pause: each((nodes, number) => nodes.pause(number)),
  resume: each((nodes, number) => nodes.resume(number)),
  'cut-off': each((nodes, number) => nodes.cutOff(number)),
  connect: each((nodes, number) => nodes.connectAgain(number)),
};

async function main() {
  const [name, ...numbers] = positionals;
  const command = commands[name];
  if (flags.help || command === undefined) {
    console.log(USAGE);
    process.exit(flags.help ? 0 : 2);
  }
  if (!COMMIT_LOG_MODES.includes(flags['commit-log'])) {
    throw new Error(`--commit-log is one of ${COMMIT_LOG_MODES.join(', ')}`);
  }
  const nodes = name === 'create' ? undefined : CassandraNodes.open(flags.directory);
  await command(nodes, numbers.map(Number));
}

try {
  await main();
} catch (error) {
  exitForMissing(error);
}
