// Reduces results in bench-results/ to the small ones that are committed in docs/benchmarks/results/: medians,
// and the conditions of the measurement. Then `pnpm bench:docs` writes the documents.
//
//   node tools/bench/src/keep-results.mjs bench-results/…-replace.json …
//
// A result replaces the one with its name; a result of `pnpm bench` (replace) replaces those of its shapes.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RESULTS = fileURLToPath(new URL('../../../docs/benchmarks/results/', import.meta.url));

const paths = process.argv.slice(2);
if (paths.length === 0) {
  console.error('usage: node tools/bench/src/keep-results.mjs RESULTS.json …');
  process.exit(2);
}
mkdirSync(RESULTS, { recursive: true });
for (const path of paths) {
  const result = JSON.parse(readFileSync(path, 'utf8'));
  const kept = join(RESULTS, `${result.name}.json`);
  const before = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : undefined;
  const small = result.name === 'replace' ? replaceResult(result, before) : tableResult(result);
  writeFileSync(kept, `${JSON.stringify(small, null, 2)}\n`);
}

function aboutRun({ command, date, commit, machine }) {
  const { cpu, cores, memoryBytes, system, node, loadAverage } = machine;
  const memoryGiB = Math.round(memoryBytes / 2 ** 30);
  return {
    command,
    date: date.slice(0, 10),
    commit,
    machine: {
      cpu,
      cores,
      memoryGiB,
      system: system.split(' ')[0],
      node,
      load: Math.round(loadAverage),
    },
  };
}

function tableResult(result) {
  if (result.tables.length === 0) throw new Error(`${result.name} has no table for documents`);
  return { name: result.name, ...aboutRun(result), tables: result.tables };
}

function replaceResult(result, before) {
  const runs = new Map((before?.runs ?? []).map((run) => [shapeOf(run), run]));
  for (const { shape, source, base, measured } of result.runs) {
    const run = {
      ...aboutRun(result),
      grants: shape.grants,
      syncs: shape.syncs,
      order: shape.order,
      sourceEntries: source.entries,
      baseEntries: base.entries,
      peers: measured.map(smallPeer),
    };
    runs.set(shapeOf(run), run);
  }
  const inOrder = [...runs.values()].sort((a, b) => a.syncs - b.syncs || a.grants - b.grants);
  return { name: 'replace', runs: inOrder };
}

function shapeOf({ grants, syncs, order }) {
  return `${grants} ${syncs} ${order}`;
}

function smallPeer({ name, title, version, notMeasured, replaceMs, firstMs, medianMs, againMs }) {
  if (medianMs === undefined) return { name, title, version, notMeasured };
  const round = (ms) => Number(ms.toPrecision(4));
  return {
    name,
    title,
    version,
    rounds: replaceMs.length,
    firstOfProcessMs: round(firstMs),
    firstMs: round(medianMs),
    secondMs: round(againMs),
  };
}
