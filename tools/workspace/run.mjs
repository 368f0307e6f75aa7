// The two commands of a machine with only Node and npm: `npm start` and `npm test`.
// pnpm comes through npx at the version that package.json pins; nothing is installed globally.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isInsidePnpm, pnpm, root } from './pnpm.mjs';

function install(options) {
  if (!isInsidePnpm) pnpm(['install', '--frozen-lockfile'], options);
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

/** Every package of the workspace that has tests, by its name. */
function testedPackages() {
  const folders = ['packages', 'tools'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name)),
  );
  const tested = new Map();
  for (const folder of [...folders, 'examples']) {
    const file = join(root, folder, 'package.json');
    if (!existsSync(file)) continue;
    const { name, scripts } = JSON.parse(readFileSync(file, 'utf8'));
    if (scripts?.test !== undefined) tested.set(name, folder);
  }
  return tested;
}

/** The folders of these packages, which may be named without their scope; of all where none is named. */
function foldersOf(filters) {
  const tested = testedPackages();
  if (filters.length === 0) return [...tested.values()];
  const folders = filters.map((name) => tested.get(name) ?? tested.get(`@sstitch/${name}`));
  const unknown = filters.filter((_, index) => folders[index] === undefined);
  if (unknown.length > 0) {
    console.error(`no tests in ${unknown.join(', ')}; there are ${[...tested.keys()].join(', ')}`);
    process.exit(2);
  }
  return folders;
}

/** The values of `--filter`, as pnpm and turbo take it. */
function filtersOf(arguments_) {
  const { values } = parseArgs({
    args: arguments_,
    options: { filter: { type: 'string', multiple: true, short: 'F' } },
  });
  return values.filter ?? [];
}

/** Runs the suites of these folders. */
function test(folders) {
  for (const folder of folders)
    rmSync(join(root, folder, '.vitest'), { recursive: true, force: true });
  // One package after another: the suites measure pauses and kill processes, and 2 cores are few.
  const turbo = ['exec', 'turbo', 'run', 'test', '--concurrency=1'];
  const filters = folders.map((folder) => `--filter=./${folder.replaceAll('\\', '/')}`);
  pnpm([...turbo, ...filters, '--output-logs=full', '--log-order=grouped']);
  printTotals(folders);
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
  const folders = foldersOf(filters);
  install();
  // Of a package that is named, its suite alone, upon what it needs built.
  if (filters.length === 0) {
    pnpm(['exec', 'turbo', 'run', 'build', 'lint', 'typecheck', '--output-logs=errors-only']);
    pnpm(['run', 'examples']);
    pnpm(['run', 'check-packages']);
  }
  test(folders);
} else {
  console.error('usage: node tools/workspace/run.mjs start | test [--filter PACKAGE]...');
  process.exit(2);
}
