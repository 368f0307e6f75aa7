// Compares SSTitch's strategies: syncs of all sizes, a small sync in a huge base, a huge sync in a small base.
// `auto` must never take more than 1.2 times as long as the best of the others.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDataset } from './dataset.mjs';
import { measure } from './measure.mjs';
import { peersNamed } from './peers.mjs';
import { reportTable } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const MAX_AUTO_RATIO = 1.2;
const STRATEGIES = ['auto', 'link', 'rebuild', 'batch'];

const { values: flags } = parseArgs({
  options: {
    grants: { type: 'string', default: '30,100,300,1000,3000,10000' },
    huge: { type: 'string', default: '300000' },
    small: { type: 'string', default: '100' },
    // A round takes a few milliseconds: with fifteen rounds, medians of the same work differed by a third.
    rounds: { type: 'string', default: '41' },
    // Load the stores in bulk instead of in batches.
    imported: { type: 'boolean', default: false },
    directory: { type: 'string' },
  },
});
const [rounds] = wholeNumbers('rounds', flags.rounds);
const [huge] = wholeNumbers('huge', flags.huge);
const [small] = wholeNumbers('small', flags.small);
const shapes = [
  ...wholeNumbers('grants', flags.grants).map((grants) => ({
    grants,
    otherGrants: grants,
    syncs: 3,
  })),
  { grants: small, otherGrants: huge, syncs: 3 },
  { grants: huge, otherGrants: small, syncs: 3 },
];

const runs = [];
await inRunDirectory(async (directory) => {
  for (const shape of shapes) {
    console.error(`a sync of ${shape.grants} grants among syncs of ${shape.otherGrants} ...`);
    const dataset = await makeDataset(join(directory, 'data'), shape);
    const names = STRATEGIES.map((name) => (flags.imported ? `${name}-imported` : name));
    const measured = await measure({ dataset, peers: peersNamed(names), rounds, directory });
    runs.push({ shape, measured });
  }
}, flags.directory);

const rows = [];
for (const { shape, measured } of runs) {
  const [auto, ...others] = measured;
  const best = Math.min(...others.map(({ medianMs = Number.POSITIVE_INFINITY }) => medianMs));
  rows.push([
    `${shape.grants} among ${shape.otherGrants}`,
    ...measured.map(({ medianMs }) => medianMs?.toFixed(1) ?? '-'),
    auto.replies?.at(-1)?.strategy ?? '-',
    auto.medianMs === undefined ? '-' : (auto.medianMs / best).toFixed(2),
  ]);
  for (const { title, failed, notMeasured } of measured) {
    if (failed) console.log(`FAILED: ${title}: ${notMeasured}`);
  }
}
console.log(`Medians in ms; auto must take at most ${MAX_AUTO_RATIO} times the best.`);
const columns = ['grants', ...STRATEGIES, 'auto took', 'auto / best'];
reportTable('strategies', { columns, rows }, { imported: flags.imported, runs });
if (runs.some(({ measured }) => measured.some(({ failed }) => failed))) process.exitCode = 1;
