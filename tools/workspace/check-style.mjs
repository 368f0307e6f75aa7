// The house rules that a linter does not know: small files whose names say what they do, imports that only go down the
// package table, file work only through the port, and no private words in comments, test names and documents.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tablesOf } from './documents/markdown.mjs';
import { privateWordsIn, privateWordsInDocument } from './private-words.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const MAX_LINES = 400;
const VAGUE_NAME = /(^|[/.-])(utils?|helpers?|common|misc)([/.-]|$)/;

/** What each package's sources may import: the table of packages in ARCHITECTURE.md. */
const MAY_IMPORT = packageTable();
/** Packages whose tests may use testkit, and what it is built on. */
const TESTS_MAY_USE_TESTKIT = new Set([
  ...['compactor', 'records', 'c1z', 'lines', 'access', 'operations', 'explore', 'cluster'],
]);

/** Packages that touch the disk only through the port, and whose data depends on no clock and no randomness. */
const PURE = new Set(['contract', 'sst', 'pebble', 'engine']);
const CLOCK_OR_RANDOMNESS =
  /\b(Math\.random|Date\.now|new Date|performance\.now|hrtime|random(?:UUID|Bytes|Int|Fill\w*))\b/;
/** The modules of these packages that use a clock or randomness, and for what. */
const USES_CLOCK_OR_RANDOMNESS = new Map([
  ['packages/engine/src/store-directory/disk-reserve.ts', 'bytes that no disk compresses'],
  ['packages/engine/src/store-directory/kept-logs.ts', 'names of directories'],
  ['packages/engine/src/store-directory/reader-directories.ts', 'names of directories'],
  ['packages/engine/src/store-directory/staging-directories.ts', 'names of directories'],
  ['packages/engine/src/store/open-readers.ts', 'the age of readers, in metrics'],
  ['packages/engine/src/store/store.ts', 'durations, in reports'],
  ['packages/engine/src/worker/request-server.ts', 'the turns of requests'],
]);

/** The port, and what concerns processes and threads, not a store's files: the only ones that may import node:fs. */
const PORTS = new Set([
  'packages/sst/src/files/node-file-system.ts',
  'packages/engine/src/store-directory/copy-locks.ts',
  'packages/engine/src/store-directory/lock-holder.ts',
  'packages/engine/src/store-directory/process-namespace.ts',
  'packages/engine/src/threads/thread-priority.ts',
]);

const IMPORTED_PACKAGE = /(?:from|import)\s*\(?\s*'@sstitch\/(?!build-config)([a-z0-9]+)/g;

/** A hook of tests at the top of a module. */
const HOOK = /^(before|after)(Each|All)\(/m;

/** The list of private words itself, and its test. */
const LISTS_PRIVATE_WORDS = /^tools\/workspace\/(test\/)?private-words\b/;

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => existsSync(join(root, file)));
const files = tracked.filter(
  (file) => /\.(ts|tsx|mts|mjs|css|go|cc|c)$/.test(file) && !file.includes('/src/gen/'),
);
/** Changesets are the text of a release, and API reports are generated. */
const documents = tracked.filter(
  (file) => file.endsWith('.md') && !/^\.changeset\/|\/CHANGELOG\.md$|\.api\.md$/.test(file),
);

const problems = [];
for (const [packageName, imported] of MAY_IMPORT) {
  const above = [...MAY_IMPORT.keys()].slice(0, [...MAY_IMPORT.keys()].indexOf(packageName));
  for (const one of imported.filter((each) => !above.includes(each))) {
    problems.push(`ARCHITECTURE.md: ${packageName} imports ${one}, which is not in a row above it`);
  }
}
for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8');
  const lines = text.split('\n').length - 1;
  if (lines > MAX_LINES) problems.push(`${file}: ${lines} lines, at most ${MAX_LINES}`);
  if (VAGUE_NAME.test(file)) problems.push(`${file}: the name does not say what the file does`);
  if (!LISTS_PRIVATE_WORDS.test(file)) {
    for (const { line, message } of privateWordsIn(text)) {
      problems.push(`${file}:${line}: ${message}`);
    }
  }
  const [, packageName, area] = /^packages\/([^/]+)\/(src|test)\//.exec(file) ?? [];
  if (packageName === undefined) continue;
  const isTest = area === 'test' || /\.test(-support)?\.ts$/.test(file);
  for (const [, imported] of text.matchAll(IMPORTED_PACKAGE)) {
    if (imported === packageName) continue;
    const allowed =
      MAY_IMPORT.get(packageName)?.includes(imported) ||
      (isTest && TESTS_MAY_USE_TESTKIT.has(packageName) && imported !== 'cli');
    if (!allowed) problems.push(`${file}: ${packageName} must not import ${imported}`);
  }
  // The files of a suite share processes, in which such a module is evaluated once.
  if (HOOK.test(text) && !file.endsWith('.test.ts')) {
    problems.push(`${file}: a hook here runs for the first file alone; use onTestFinished`);
  }
  const touchesDisk = /from 'node:fs(\/promises)?'/.test(text);
  if (touchesDisk && !isTest && PURE.has(packageName) && !PORTS.has(file)) {
    problems.push(`${file}: file work goes through the FileSystem port`);
  }
  const isImpure = !isTest && PURE.has(packageName) && CLOCK_OR_RANDOMNESS.test(text);
  if (isImpure && !USES_CLOCK_OR_RANDOMNESS.has(file)) {
    problems.push(`${file}: no clock and no randomness here`);
  }
}
for (const file of documents) {
  for (const { line, message } of privateWordsInDocument(readFileSync(join(root, file), 'utf8'))) {
    problems.push(`${file}:${line}: ${message}`);
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`${files.length} files keep the house rules`);

/** The packages in the order of the table, each with what it imports. */
function packageTable() {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const rows = tablesOf(text).find(([row]) => 'package' in row && 'imports' in row);
  const names = rows.map((row) => /\[([a-z0-9]+)\]/.exec(row.package)[1]);
  return new Map(
    rows.map(({ imports }, index) => [
      names[index],
      imports === 'all' ? names.slice(0, index) : imports.split(', ').filter((one) => one !== '–'),
    ]),
  );
}
