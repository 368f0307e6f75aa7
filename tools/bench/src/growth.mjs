// Measures how the time of a link compaction grows with the size of the sync and the number of syncs in the
// base, for stores that were filled in batches and settled by LevelDB and for stores loaded in bulk. All take
// turns.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDataset } from './dataset.mjs';
import { measureAll } from './measure.mjs';
import { peersNamed } from './peers.mjs';
import { median, printTable } from './report.mjs';
import { writeResults } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const { values: flags } = parseArgs({
  options: {
    // The first value of each is the reference for the others.
    grants: { type: 'string', default: '100000,1000000' },
    syncs: { type: 'string', default: '3,30' },
    rounds: { type: 'string', default: '15' },
    directory: { type: 'string' },
  },
});
const [rounds] = wholeNumbers('rounds', flags.rounds);
const grants = wholeNumbers('grants', flags.grants);
const syncs = wholeNumbers('syncs', flags.syncs);
const first = { grants: grants[0], syncs: syncs[0] };
const shapes = [
  first,
  ...grants.slice(1).map((more) => ({ ...first, grants: more })),
  ...syncs.slice(1).map((more) => ({ ...first, syncs: more })),
];

const runs = [];
await inRunDirectory(async (directory) => {
  const datasets = [];
  for (const [at, shape] of shapes.entries()) {
    console.error(`${shape.syncs} syncs of ${shape.grants} grants ...`);
    datasets.push(await makeDataset(join(directory, `data-${at}`), shape));
  }
  const peers = peersNamed(['link', 'link-imported']);
  const all = await measureAll({ datasets, peers, rounds, directory });
  for (const [at, measured] of all.entries()) {
    for (const { title, notMeasured } of measured) {
      if (notMeasured !== undefined) throw new Error(`${title}: ${notMeasured}`);
    }
    runs.push({ shape: shapes[at], entries: datasets[at].base.entries, measured });
  }
}, flags.directory);

const titles = runs[0].measured.map(({ title }) => title);
for (const [at, title] of titles.entries()) {
  console.log(`\n${title}`);
  const reference = runs[0].measured[at].medianMs;
  printTable(
    ['grants', 'syncs', 'entries in base', 'link ms', 'pause ms', 'growth'],
    runs.map(({ shape, entries, measured }) => {
      const { medianMs, replies } = measured[at];
      return [
        shape.grants,
        shape.syncs,
        entries,
        medianMs.toFixed(1),
        median(replies.map(({ pauseMs }) => pauseMs)).toFixed(2),
        (medianMs / reference).toFixed(2),
      ];
    }),
  );
}
writeResults('growth', { runs });
