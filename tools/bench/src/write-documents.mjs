// Writes the benchmark parts of documents from the results in docs/benchmarks/results/: a page for each
// benchmark, their index, and the blocks in README.md and docs/performance.md.
//
//   pnpm bench:docs                 writes
//   pnpm bench:docs --check         fails if documents and results differ
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withBlock } from '../../workspace/documents/markdown.mjs';
import { readmeTable, replacePage, replaceVersions } from './replace-page.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGES = 'docs/benchmarks';
const INDEX = `${PAGES}/README.md`;

/** The benchmarks with committed results, in the order of the index. */
const BENCHMARKS = {
  replace: 'Replacing one sync in a base of several, compared with other databases',
  growth: 'How a link grows with the sync and with the base, compared with its floor',
  floor: 'Where the time of a link goes, and its floor',
  'commit-pause': 'How commits affect writers and readers',
  strategies: 'Whether `auto` takes the fastest strategy',
  'many-tables': 'A commit in a base of many tables',
  placement: 'Reads after many small compactions',
  open: 'Opening, extracting, copying a store of 1,000 tables',
  startup: 'From start to end of a command',
  explore: 'The page of a store of a million grants, in a browser',
  import: 'A bulk load, compared with batches',
  'c1z-import':
    'Importing a .c1z file, compared with reading it and putting its records in batches',
  'wrapper-price': 'The store, compared with plain classic-level',
  cluster: 'Stores on three Cassandra nodes, compared with a row per record',
  pebble: 'Reading and writing Pebble databases',
};

const BUSY_LOAD = 3;

const isCheck = process.argv.includes('--check');
const problems = [];
const results = new Map(
  readdirSync(join(ROOT, PAGES, 'results'))
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(textOf(join(PAGES, 'results', file))))
    .map((result) => [result.name, result]),
);
for (const name of results.keys()) {
  if (!(name in BENCHMARKS))
    throw new Error(`docs/benchmarks/results/${name}.json is of no benchmark`);
}
const kept = Object.keys(BENCHMARKS).filter((name) => results.has(name));

write(INDEX, withBlock(textOf(INDEX), 'index', indexTable()));
for (const name of kept) write(`${PAGES}/${name}.md`, pageOf(name));
for (const document of ['README.md', 'docs/performance.md']) write(document, withBlocks(document));
for (const page of readdirSync(join(ROOT, PAGES)).filter((file) => file.endsWith('.md'))) {
  const name = page.slice(0, -'.md'.length);
  if (page !== 'README.md' && !results.has(name)) problems.push(`${PAGES}/${page} has no result`);
}
if (problems.length > 0) {
  console.error(`${problems.join('\n')}\nrun pnpm bench:docs`);
  process.exit(1);
}
console.log(`${kept.length} benchmarks ${isCheck ? 'agree with their documents' : 'written'}`);

function textOf(file) {
  return readFileSync(join(ROOT, file), 'utf8');
}

function write(file, text) {
  const path = join(ROOT, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  if (isCheck) problems.push(`${file} differs from the results it shows`);
  else writeFileSync(path, text);
}

function indexTable() {
  const rows = kept.map((name) => `| [${name}](${name}.md) | ${BENCHMARKS[name]} |`);
  return ['| benchmark | what it measures |', '|---|---|', ...rows].join('\n');
}

function pageOf(name) {
  const result = results.get(name);
  const body =
    name === 'replace'
      ? replacePage(result, aboutLine)
      : `${aboutLine(result)}\n\n${result.tables.map(tableText).join('\n')}`;
  return `# ${BENCHMARKS[name]}\n\n${body.trimEnd()}\n`;
}

function aboutLine({ command, date, commit, machine }) {
  return `\`${command}\`, ${date}, commit ${commit}; ${machineText(machine)}.`;
}

/** A run has at most two busy processes: a higher load comes from other work, and the figures are rough. */
function machineText({ cpu, cores, memoryGiB, system, node, load }) {
  const busy = load > BUSY_LOAD ? `; busy with other work: load average ${load}` : '';
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node.slice(1)}${busy}`;
}

function tableText({ title, columns, rows }) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    ...(title === undefined ? [] : [`**${title}**`, '']),
    line(columns),
    `|---|${'---:|'.repeat(columns.length - 1)}`,
    ...rows.map(line),
    '',
  ].join('\n');
}

/** Rewrites the blocks `<!-- bench-NAME: … -->` of a document. */
function withBlocks(document) {
  let text = textOf(document);
  for (const [, name] of text.matchAll(/^<!-- bench-([a-z-]+): /gm)) {
    if (!(name in BENCHMARKS)) throw new Error(`${document} shows ${name}, which is no benchmark`);
    const result = results.get(name);
    const shown = result === undefined ? 'No result is kept yet.' : blockOf(result);
    text = withBlock(text, `bench-${name}`, shown);
  }
  return text;
}

function blockOf(result) {
  if (result.name !== 'replace') {
    return `${result.tables.map(tableText).join('\n')}\n${aboutLine(result)}`;
  }
  const { runs } = result;
  const last = runs.at(-1);
  const dates = [...new Set(runs.map(({ date }) => date))].sort().join(' and ');
  return `${readmeTable(runs)}\n${machineText(last.machine)}; ${replaceVersions(last)}; ${dates}.`;
}
