// Checks what documents say about tests and commands:
//
// - a test that a table names, `| [file](path) | "name" |`, is in that file;
// - docs/testing.md lists the torture families with their sizes, and the environment variables of tests;
// - a command line in code, `pnpm X` or `sstitch X`, names a script or a command that exists.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { codeOf, tablesOf } from './documents/markdown.mjs';
import { root } from './pnpm.mjs';

const TESTING = 'docs/testing.md';
/** A word of FORMAT files, as in `sstitch store 1`. */
const FORMAT_WORD = 'store';
const NAMED_TEST = /\]\(([^)]+\.ts)\) \| "([^"]+)"/g;

const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '');
const textOf = (file) => readFileSync(join(root, file), 'utf8');

const problems = [];
for (const file of tracked.filter((each) => each.endsWith('.md'))) {
  for (const [, path, name] of textOf(file).matchAll(NAMED_TEST)) {
    const test = posix.join(posix.dirname(file), path);
    if (!tracked.includes(test) || !textOf(test).includes(name)) {
      problems.push(`${file}: ${test} has no test "${name}"`);
    }
  }
}
checkFamilies();
checkVariables();
checkCommandLines();
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log('documents and tests agree');

function checkFamilies() {
  const rows = tablesOf(textOf(TESTING)).flat();
  const families = textOf('tools/torture/src/families.ts');
  for (const [, name, body] of families.matchAll(/^ {2}'?([a-z-]+)'?: \{\n([\s\S]*?)^ {2}\},$/gm)) {
    const row = rows.find(({ family }) => family === name);
    if (row === undefined) problems.push(`${TESTING}: no row for the family ${name}`);
    for (const [, size] of body.matchAll(/: (\d[\d_]+)\b/g)) {
      const shown = Number(size.replaceAll('_', '')).toLocaleString('en');
      const said = `${row?.short} ${row?.long}`.split(' ');
      if (!said.includes(shown)) problems.push(`${TESTING}: ${name} has the size ${shown}`);
    }
  }
}

function checkVariables() {
  const tests = tracked
    .filter((file) => /\.test\.ts$|\/test\/.*\.ts$|^tools\/build-config\//.test(file))
    .map(textOf);
  const read = new Set(
    tests.flatMap((text) =>
      [...text.matchAll(/process\.env(?:\.|\[')((?:SSTITCH|CROSS)_\w+)/g)].map(([, name]) => name),
    ),
  );
  const said = new Set(
    tablesOf(textOf(TESTING))
      .flat()
      .flatMap(({ variable = '' }) => variable.match(/\w+_\w+/g) ?? []),
  );
  for (const name of read) if (!said.has(name)) problems.push(`${TESTING}: no row for ${name}`);
  for (const name of said) if (!read.has(name)) problems.push(`${TESTING}: no test reads ${name}`);
}

/** Whether it is a command of pnpm itself. */
function isPnpmCommand(name) {
  return ['install', 'exec', 'run'].includes(name);
}

function checkCommandLines() {
  const { scripts } = JSON.parse(textOf('package.json'));
  const commands = new Set(
    tracked
      .filter((file) => /^packages\/cli\/src\/commands\/[^/]+\/command\.ts$/.test(file))
      .map((file) => /^ {2}name: '([a-z -]+)'/m.exec(textOf(file))?.[1]),
  );
  for (const file of tracked.filter((each) => /(^|\/)(?!CHANGELOG)[^/]+\.md$/.test(each))) {
    const code = codeOf(textOf(file));
    for (const [, name] of code.matchAll(/(?<![\w/@-])pnpm ([a-z][a-z:-]*)/g)) {
      if (scripts[name] === undefined && !isPnpmCommand(name)) {
        problems.push(`${file}: package.json has no script ${name}`);
      }
    }
    for (const [, first, second] of code.matchAll(
      /(?<![\w/@.-])sstitch ([a-z][a-z-]*)(?: ([a-z]+))?/g,
    )) {
      if (first === FORMAT_WORD) continue;
      if (!commands.has(first) && !commands.has(`${first} ${second}`)) {
        problems.push(`${file}: sstitch has no command ${first}`);
      }
    }
  }
}
