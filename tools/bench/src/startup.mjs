// Measures how long a command line takes from start to end, compared with Node's own start and with other
// builds of the program (`--program`). Builds and commands take turns, so that a busy moment of the machine
// affects all of them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { syntheticSyncId } from '@sstitch/testkit';
import { median } from './report.mjs';
import { reportTable } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const OWN = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '21' },
    grants: { type: 'string', default: '5000' },
    /** Main modules of other builds of the command line. */
    program: { type: 'string', multiple: true, default: [] },
    /** Other Node executables. */
    node: { type: 'string', multiple: true, default: [process.execPath] },
  },
});
/** Node 20 parses extra certificates when it starts, which takes longer than the rest of its start. */
const { NODE_EXTRA_CA_CERTS: _, ...ENVIRONMENT } = process.env;

const [rounds] = wholeNumbers('rounds', flags.rounds);
const [grants] = wholeNumbers('grants', flags.grants);
const programs = [OWN, ...flags.program];

await inRunDirectory(async (directory) => {
  const store = join(directory, 'store');
  run(process.execPath, [OWN, 'generate', store, '--grants', String(grants), '--syncs', '3']);
  const sync = ['--sync', syntheticSyncId({})];
  const commands = [
    ['--version'],
    ['--help'],
    ['completion', 'bash'],
    ['get', store, ...sync, '--bucket', 'sync_run'],
    ['scan', store],
    ['syncs', store],
  ];
  const lines = flags.node.flatMap((node) => [
    { name: 'node -e 0', node, line: ['-e', '0'] },
    ...programs.flatMap((program) =>
      commands.map((command) => ({
        name: `${command[0]} (${program === OWN ? 'this build' : program})`,
        node,
        line: [program, ...command],
      })),
    ),
  ]);
  const times = new Map(lines.map((each) => [each, []]));
  // Round 0 warms the file system's cache and Node's compile cache.
  for (let round = 0; round <= rounds; round++) {
    for (const each of lines) {
      const start = performance.now();
      run(each.node, each.line);
      if (round > 0) times.get(each).push(performance.now() - start);
    }
  }
  const columns = ['node', 'command', 'median ms', 'fastest ms'];
  const rows = lines.map((each) => [
    versionOf(each.node),
    each.name,
    median(times.get(each)).toFixed(0),
    Math.min(...times.get(each)).toFixed(0),
  ]);
  reportTable('startup', { columns, rows });
});

function run(node, line) {
  const { status, stderr } = spawnSync(node, line, { encoding: 'utf8', env: ENVIRONMENT });
  if (status !== 0) throw new Error(`${[node, ...line].join(' ')}: ${stderr}`);
}

function versionOf(node) {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
}
