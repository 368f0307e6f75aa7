// The two commands that need only Node and npm: `npm start` and `npm test`. They run pnpm through npx at the
// version that package.json pins; nothing is installed globally.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isInsidePnpm, pnpm, root } from './pnpm.mjs';

function install(options) {
  if (!isInsidePnpm) pnpm(['install', '--frozen-lockfile'], options);
}

/** vitest's JSON results of a package; undefined if its suite did not run to its end. */
function resultsOf(directory) {
  const file = join(root, directory, '.vitest', 'results.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

const SHOWN_LINES = 120;

/** Prints how each failed suite ended, so that the end of a long log says why the run failed. */
function printFailures(directories) {
  for (const directory of directories) {
    const log = join(root, directory, '.turbo', 'turbo-test.log');
    if (!existsSync(log) || resultsOf(directory)?.success === true) continue;
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    console.error(`\nThe end of the tests of ${directory}:`);
    console.error(lines.slice(-SHOWN_LINES).join('\n'));
  }
}

/** Sums vitest's JSON results into one line that has the same form on every machine. */
function printTotals(directories) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const directory of directories) {
    const results = resultsOf(directory);
    if (results === undefined) throw new Error(`${directory} left no test results`);
    totals.passed += results.numPassedTests;
    totals.failed += results.numFailedTests;
    totals.skipped += results.numPendingTests + results.numTodoTests;
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
}

/** Every package of the workspace with tests, by name. */
function testedPackages() {
  const directories = ['packages', 'tools'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name)),
  );
  const tested = new Map();
  for (const directory of [...directories, 'examples']) {
    const file = join(root, directory, 'package.json');
    if (!existsSync(file)) continue;
    const { name, scripts } = JSON.parse(readFileSync(file, 'utf8'));
    if (scripts?.test !== undefined) tested.set(name, directory);
  }
  return tested;
}

/** The directories of these packages, which may be named without their scope; of all packages if none is named. */
function directoriesOf(filters) {
  const tested = testedPackages();
  if (filters.length === 0) return [...tested.values()];
  const directories = filters.map((name) => tested.get(name) ?? tested.get(`@sstitch/${name}`));
  const unknown = filters.filter((_, index) => directories[index] === undefined);
  if (unknown.length > 0) {
    console.error(`no tests in ${unknown.join(', ')}; there are ${[...tested.keys()].join(', ')}`);
    process.exit(2);
  }
  return directories;
}

/** The values of `--filter`, as pnpm and turbo take it. */
function filtersOf(arguments_) {
  const { values } = parseArgs({
    args: arguments_,
    options: { filter: { type: 'string', multiple: true, short: 'F' } },
  });
  return values.filter ?? [];
}

/** Runs the suites of these directories. */
function test(directories) {
  for (const directory of directories) {
    rmSync(join(root, directory, '.vitest'), { recursive: true, force: true });
    rmSync(join(root, directory, '.turbo', 'turbo-test.log'), { force: true });
  }
  // One package at a time: each suite has a worker for each of two cores.
  const turbo = ['exec', 'turbo', 'run', 'test', '--concurrency=1'];
  const filters = directories.map((directory) => `--filter=./${directory.replaceAll('\\', '/')}`);
  pnpm([...turbo, ...filters, '--output-logs=full', '--log-order=grouped'], {
    onFailure: () => printFailures(directories),
  });
  printTotals(directories);
}

const [command, ...rest] = process.argv.slice(2);
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
  const filters = filtersOf(rest);
  const directories = directoriesOf(filters);
  install();
  // For a named package, runs only its suite, after building its dependencies.
  if (filters.length === 0) {
    const turbo = ['exec', 'turbo', 'run', '--output-logs=errors-only'];
    pnpm([...turbo, 'build']);
    // The packed packages run the examples of all READMEs.
    pnpm([...turbo, 'check-packages', 'lint', 'typecheck', 'check-api']);
  }
  test(directories);
} else {
  console.error('usage: node tools/workspace/run.mjs start | test [--filter PACKAGE]...');
  process.exit(2);
}
