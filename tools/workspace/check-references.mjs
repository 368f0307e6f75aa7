// Checks that no file refers to a file outside the repository, which a reader does not have:
//
// - links in Markdown: to files, to headings, and to the repository's own address;
// - paths in text and comments: `docs/…`, `packages/…`, `tools/…`, `examples/…`, and names of documents (`X.md`);
// - paths that leave the repository;
// - decisions by number, and rules of docs/leveldb-rules.md, each of which has a test.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root } from './pnpm.mjs';

const TEXT = /\.(md|mdx|ts|mts|mjs|js|cjs|json|ya?ml|proto|cc|c|go)$|(^|\/)(CODEOWNERS|\.git\w+)$/;
/** Files that tools write, with names from elsewhere. */
const GENERATED =
  /(^|\/)(pnpm-lock\.yaml|CHANGELOG\.md|LICENSE)$|\/src\/gen\/|\/test-vectors\/|\.api\.md$|^tools\/fixtures\/files\//;
/** Files that a build, an install or a release creates. */
const MADE = /(^|\/)(dist|node_modules|\.examples|bench-results)(\/|$)|(^|\/)CHANGELOG\.md$/;
/** A document of LevelDB's repository, and an ending that is not a name. */
const DOCUMENTS_ELSEWHERE = new Set(['doc/log_format.md', '.api.md']);

const PATH =
  /(?<![\w/.@-])((?:\.{1,2}\/)*(?:[\w.@-]+\/)*[\w.@-]+\.md|(?:docs|packages|tools|examples)\/[\w./@-]*\w)/g;
const OUTSIDE = /(?<![\w./])((?:\.\.\/)+)shared\//g;

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const directories = new Set(['.']);
for (const file of tracked) {
  for (let at = posix.dirname(file); at !== '.'; at = posix.dirname(at)) directories.add(at);
}
const isThere = (path) => {
  const plain = posix.normalize(path).replace(/\/$/, '');
  return tracked.includes(plain) || directories.has(plain) || MADE.test(plain);
};
const textOf = (file) => readFileSync(join(root, file), 'utf8');

const manifest = JSON.parse(textOf('package.json'));
const address = manifest.homepage.replace(/#.*$/, '');
const decisions = new Set(
  tracked.map((file) => /^docs\/decisions\/(\d{4})-/.exec(file)?.[1]).filter(Boolean),
);
const RULES = 'docs/leveldb-rules.md';
const rules = new Set([...textOf(RULES).matchAll(/^### Rule (\d+):/gm)].map(([, rule]) => rule));

const problems = [];
for (const file of tracked.filter((each) => TEXT.test(each) && !GENERATED.test(each))) {
  const text = textOf(file);
  const report = (index, problem) => {
    const line = text.slice(0, index).split('\n').length;
    problems.push(`${file}:${line}: ${problem}`);
  };
  if (file.endsWith('.md')) checkLinks(file, text, report);
  checkPaths(file, text, report);
  checkNumbers(text, report);
}
checkRuleTests();

if (problems.length > 0) {
  console.error([...new Set(problems)].join('\n'));
  process.exit(1);
}
console.log('every reference leads to a file in the repository');

/** Checks the links of a Markdown file; addresses count only if they lead to this repository. */
function checkLinks(file, text, report) {
  for (const { index, 1: target } of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    let [path, heading] = target.split('#');
    if (path.startsWith(`${address}/`)) {
      path = /^(?:blob|tree)\/main\/(.*)$/.exec(path.slice(address.length + 1))?.[1];
      if (path === undefined) continue;
    } else if (/^[a-z]+:/.test(path)) continue;
    else path = posix.join(posix.dirname(file), path || posix.basename(file));
    if (!isThere(path)) report(index, `the link ${target} has no target`);
    else if (heading !== undefined && !headingsOf(path).has(heading)) {
      report(index, `${path} has no heading #${heading}`);
    }
  }
}

/** The anchors that the repository's host derives from a document's headings. */
function headingsOf(path) {
  if (!path.endsWith('.md')) return new Set();
  const headings = [...textOf(path).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Checks paths in prose, comments and strings, relative to the root or to the file's directory. */
function checkPaths(file, text, report) {
  for (const { index, 1: path } of text.matchAll(PATH)) {
    if (DOCUMENTS_ELSEWHERE.has(path)) continue;
    // Skips patterns, composed names and placeholders.
    if (/[*{}$<]/.test(text[index + path.length] ?? '') || /(^|\/)X\./.test(path)) continue;
    // A name without a directory (README.md) may be that of any package.
    const [ownPackage] = /^(?:packages|tools)\/[^/]+/.exec(file) ?? ['.'];
    const places = ['.', posix.dirname(file), ownPackage].map((each) => posix.join(each, path));
    const isNamed = !path.includes('/') && tracked.some((each) => posix.basename(each) === path);
    // A path without its extension, or a decision by its number only.
    const isStem = tracked.some(
      (each) => /^[.-]/.test(each.slice(path.length)) && each.startsWith(path),
    );
    if (!isNamed && !isStem && !places.some(isThere) && !path.endsWith('CHANGELOG.md')) {
      report(index, `${path} is not in the repository`);
    }
  }
  // Tests may read samples outside the repository; they skip if these are missing.
  if (/\.test\.ts$|\/test\//.test(file)) return;
  for (const { index } of text.matchAll(OUTSIDE))
    report(index, 'the path leads out of the repository');
}

/** Checks that "decision 0005", "rule 10" and "rules 6 and 11" exist. */
function checkNumbers(text, report) {
  for (const { index, 1: number } of text.matchAll(/\bdecisions? (\d{4})\b/g)) {
    if (!decisions.has(number)) report(index, `there is no decision ${number}`);
  }
  for (const { index, 1: list } of text.matchAll(
    /leveldb-rules\.md,\s+(?:\/\/\s+|\*\s+)?rules? ([\d, and]*\d)/g,
  )) {
    for (const rule of list.match(/\d+/g) ?? []) {
      if (!rules.has(rule)) report(index, `${RULES} has no rule ${rule}`);
    }
  }
}

/** Checks that each rule of LevelDB has a test named after it. */
function checkRuleTests() {
  const tests = tracked.filter((file) => file.endsWith('.test.ts')).map(textOf);
  for (const rule of rules) {
    const name = new RegExp(`['"\`]rules? (?:\\d+(?:,| and) )*${rule}\\b`);
    if (!tests.some((text) => name.test(text))) problems.push(`${RULES}: no test of rule ${rule}`);
  }
}
