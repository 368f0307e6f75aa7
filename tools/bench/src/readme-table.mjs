// Writes the results of `pnpm bench`, and the machine they are from, between the markers of the README:
//
//   node tools/bench/src/readme-table.mjs bench-results/…-replace.json …
//
// Of several results for one size, the last one named counts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));
const START = '<!-- bench: written by tools/bench/src/readme-table.mjs -->\n';
const END = '<!-- /bench -->';

const paths = process.argv.slice(2);
if (paths.length === 0) {
  console.error('usage: node tools/bench/src/readme-table.mjs RESULTS.json …');
  process.exit(2);
}
const results = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')));
const readme = readFileSync(README, 'utf8');
const [start, end] = [readme.indexOf(START), readme.indexOf(END)];
if (start < 0 || end < start) throw new Error('the README has no markers for the table');
writeFileSync(README, readme.slice(0, start + START.length) + tables(results) + readme.slice(end));

function tables(all) {
  const bySize = new Map();
  for (const { runs, ...about } of all) {
    for (const run of runs) bySize.set(keyOf(run.shape), { ...run, about });
  }
  const runs = [...bySize.values()].sort(
    (a, b) => a.shape.syncs - b.shape.syncs || a.shape.grants - b.shape.grants,
  );
  const groups = new Map();
  for (const run of runs) {
    groups.set(run.shape.syncs, [...(groups.get(run.shape.syncs) ?? []), run]);
  }
  return `${[...groups].map(([syncs, group]) => table(syncs, group)).join('\n')}\n${machineLine(runs)}\n`;
}

function keyOf({ grants, syncs, order }) {
  return `${grants} ${syncs} ${order}`;
}

/** One column for each size: the median time of link, and how many times as long each other peer took. */
function table(syncs, runs) {
  const titles = new Map(
    runs.flatMap(({ measured }) => measured.map(({ name, title }) => [name, title])),
  );
  const header = [`${syncs} syncs in the base`, ...runs.map(({ shape }) => count(shape.grants))];
  const rows = [...titles].map(([name, title]) => [title, ...runs.map((run) => cell(run, name))]);
  rows.splice(1, 0, ['SSTitch link, the first of a process', ...runs.map(firstCell)]);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return `${[
    line(header.map((text, index) => (index === 0 ? text : `${text} grants`))),
    `|---${'|---:'.repeat(runs.length)}|`,
    ...rows.map(line),
  ].join('\n')}\n`;
}

/** The first round of a process, without warm-up. */
function firstCell({ measured }) {
  const link = measured.find(({ name }) => name === 'link');
  return link?.firstMs === undefined ? '–' : `${(link.firstMs / link.medianMs).toFixed(1)} ×`;
}

function cell({ measured }, name) {
  const medianOf = (wanted) => measured.find((row) => row.name === wanted)?.medianMs;
  const [own, link] = [medianOf(name), medianOf('link')];
  if (own === undefined) return '–';
  if (name === 'link' || link === undefined) return `**${milliseconds(own)}**`;
  return `${(own / link).toFixed(own / link < 10 ? 1 : 0)} ×`;
}

function milliseconds(ms) {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

function count(number) {
  return number.toLocaleString('en-US');
}

/** The warm-up rounds of the last named run. */
function mostWarmUps(runs) {
  return Math.max(...runs.at(-1).measured.map(({ warmUpMs }) => warmUpMs?.length ?? 0));
}

function machineLine(runs) {
  const { machine } = runs.at(-1).about;
  const days = new Set(runs.map(({ about }) => about.date.slice(0, 10)));
  const memory = Math.round(machine.memoryBytes / 2 ** 30);
  const versions = new Map(
    runs.flatMap(({ measured }) =>
      measured.filter(({ version }) => version).map(({ title, version }) => [title, version]),
    ),
  );
  const peers = [...versions]
    .filter(([title]) => !title.startsWith('SSTitch'))
    .map(([title, version]) => `${title.split(',')[0]} ${version}`);
  const rounds = runs
    .map(({ shape, measured }) => {
      const counts = measured.flatMap(({ replaceMs }) => (replaceMs ? [replaceMs.length] : []));
      const [least, most] = [Math.min(...counts), Math.max(...counts)];
      return `${count(shape.grants)}: ${least === most ? least : `${least} to ${most}`} rounds`;
    })
    .join(', ');
  return (
    `Medians of the replacement alone, after a warm-up of one round, or ${mostWarmUps(runs)} where it takes less than a second (${rounds}), as multiples of the first row; ${machine.cpu}, ${machine.cores} cores, ` +
    `${memory} GiB, ${machine.system.split(' ')[0]}, Node ${machine.node.slice(1)}; ${[...new Set(peers)].join(', ')}; ` +
    `${[...days].sort().join(' and ')}.`
  );
}
