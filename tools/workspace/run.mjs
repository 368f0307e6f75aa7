// The two commands of a machine with only Node and npm: `npm start` and `npm test`.
// pnpm comes through npx at the version that package.json pins; nothing is installed globally.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const insidePnpm = (process.env.npm_config_user_agent ?? '').startsWith('pnpm');
const environment = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  COREPACK_ENABLE_STRICT: '0',
};

/** Runs pnpm with these arguments; ends this process with its exit code when it fails. */
function pnpm(arguments_, { quiet = false } = {}) {
  const [command, ...prefix] = insidePnpm
    ? ['pnpm']
    : ['npx', '--yes', `--package=${manifest.packageManager}`, '--', 'pnpm'];
  const result = spawnSync(command, [...prefix, ...arguments_], {
    cwd: root,
    env: environment,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    if (quiet) process.stderr.write(`${result.stdout}${result.stderr}`);
    process.exit(result.status ?? 1);
  }
}

function install(options) {
  if (!insidePnpm) pnpm(['install', '--frozen-lockfile'], options);
}

/** Sums vitest's JSON results into one line that reads the same on every machine. */
function printTotals(folders) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const folder of folders) {
    const file = join(root, folder, '.vitest', 'results.json');
    if (!existsSync(file)) throw new Error(`${folder} left no test results`);
    const results = JSON.parse(readFileSync(file, 'utf8'));
    totals.passed += results.numPassedTests;
    totals.failed += results.numFailedTests;
    totals.skipped += results.numPendingTests + results.numTodoTests;
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
}

const testedFolders = readdirSync(join(root, 'packages'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => join('packages', entry.name))
  .filter((folder) => existsSync(join(root, folder, 'package.json')));

const command = process.argv[2];
if (command === 'start') {
  console.log('Installing and building (the first time takes a minute) ...');
  install({ quiet: true });
  pnpm(['run', 'build', '--output-logs=errors-only'], { quiet: true });
  const demo = spawnSync(process.execPath, [join('packages', 'cli', 'dist', 'main.js'), 'demo'], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exit(demo.status ?? 1);
} else if (command === 'test') {
  for (const folder of testedFolders)
    rmSync(join(root, folder, '.vitest'), { recursive: true, force: true });
  install();
  pnpm(['run', 'build', '--output-logs=errors-only']);
  pnpm(['run', 'lint']);
  pnpm(['run', 'typecheck', '--output-logs=errors-only']);
  pnpm(['run', 'examples']);
  // One package after another: the suites measure pauses and kill processes, and 2 cores are few.
  pnpm([
    'exec',
    'turbo',
    'run',
    'test',
    '--concurrency=1',
    '--output-logs=full',
    '--log-order=grouped',
  ]);
  printTotals(testedFolders);
} else {
  console.error('usage: node tools/workspace/run.mjs start|test');
  process.exit(2);
}
