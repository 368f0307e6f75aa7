// Reports results: a table for people, and bench-results/*.json with every round of a run. keep-results.mjs
// reduces these to the small files that are committed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { basename, isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from './report.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Describes the machine of a run. */
export function describeMachine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${process.platform} ${release()}`,
    node: process.version,
    loadAverage: loadavg()[0],
  };
}

/**
 * Writes a run's results.
 *
 * @param {string} name of the benchmark
 * @param {object} details all figures
 * @param {{ title?: string, columns: string[], rows: (string | number)[][] }[]} [tables] the tables for documents
 * @returns {string} the path
 */
export function writeResults(name, details, tables = []) {
  const directory = join(ROOT, 'bench-results');
  mkdirSync(directory, { recursive: true });
  const date = new Date().toISOString();
  const path = join(directory, `${date.replaceAll(/[:.]/g, '-')}-${name}.json`);
  // Results are committed, and other machines have other paths.
  const options = process.argv.slice(2).map((each) => (isAbsolute(each) ? basename(each) : each));
  const command = ['node', relative(ROOT, process.argv[1]), ...options].join(' ');
  const about = { name, command, date, commit: commit(), machine: describeMachine() };
  const all = { ...about, tables, ...details };
  writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`);
  console.error(`written to ${path}`);
  return path;
}

/**
 * Prints a table and writes it, with the details, as the results of a benchmark.
 *
 * @param {string} name
 * @param {{ columns: string[], rows: (string | number)[][] }} table
 * @param {object} [details]
 */
export function reportTable(name, table, details = {}) {
  printTable(table.columns, table.rows);
  writeResults(name, details, [table]);
}

function commit() {
  try {
    const git = (...args) =>
      execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
    return (
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain') === '' ? '' : ' and changes')
    );
  } catch {
    return undefined;
  }
}

/** Prints a line for each peer, with its time as a multiple of the reference's. */
export function printMeasured(measured, reference = 'link') {
  const referenceMs = measured.find(({ name }) => name === reference)?.medianMs;
  const whole = (ms) => (ms === undefined ? '' : ms.toFixed(ms < 100 ? 1 : 0));
  printTable(
    [
      'peer',
      'version',
      'load ms',
      'first ms',
      'median ms',
      'again ms',
      'least ms',
      'close ms',
      `x ${reference}`,
    ],
    measured
      .filter(({ medianMs }) => medianMs !== undefined)
      .map((row) => [
        row.title,
        row.version,
        whole(row.loadMs),
        whole(row.firstMs),
        whole(row.medianMs),
        whole(row.againMs),
        whole(Math.min(...row.replaceMs)),
        whole(row.closeMs),
        referenceMs === undefined ? '' : (row.medianMs / referenceMs).toFixed(2),
      ]),
  );
  for (const { title, notMeasured, failed } of measured) {
    if (notMeasured !== undefined) {
      console.log(`${failed ? 'FAILED' : 'not measured'}: ${title}: ${notMeasured.slice(0, 1000)}`);
    }
  }
}
