// Measures how the time of a link, and its floor in the same run (link-and-floor.mjs), grow with the size of
// the sync and the number of syncs in the base, for stores filled by batches and stores loaded in bulk. All
// shapes take turns, round by round.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  countsOf,
  floorOnce,
  linkOnce,
  loadStores,
  openLevel,
  WARM_UP_ROUNDS,
} from './link-and-floor.mjs';
import { median } from './report.mjs';
import { reportTable } from './results.mjs';
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
const [firstGrants, ...moreGrants] = wholeNumbers('grants', flags.grants);
const [firstSyncs, ...moreSyncs] = wholeNumbers('syncs', flags.syncs);
const shapes = [
  { grants: firstGrants, syncs: firstSyncs },
  ...moreGrants.map((grants) => ({ grants, syncs: firstSyncs })),
  ...moreSyncs.map((syncs) => ({ grants: firstGrants, syncs })),
];
const LOADS = [
  { inBulk: false, title: 'filled by batches' },
  { inBulk: true, title: 'imported' },
];

const runs = LOADS.flatMap((load) =>
  shapes.map((shape) => ({ ...shape, ...load, linkMs: [], floorMs: [], pauseMs: [] })),
);
await inRunDirectory(async (directory) => {
  for (const [at, run] of runs.entries()) {
    run.directory = join(directory, String(at));
    mkdirSync(run.directory);
    console.error(`${run.syncs} syncs of ${run.grants} grants, ${run.title} ...`);
    run.syncId = await loadStores(run.directory, run);
  }
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    for (const run of runs) {
      const figures = await playRound(run);
      if (round >= WARM_UP_ROUNDS) for (const name in figures) run[name].push(figures[name]);
    }
  }
}, flags.directory);

/** The floor includes LevelDB's own open of the next generation, which no link avoids. */
async function playRound({ directory, syncId }) {
  const linked = await linkOnce(directory, syncId);
  const copy = join(directory, 'copy');
  const floorMs = floorOnce(join(directory, 'floor'), copy, countsOf(linked));
  return {
    linkMs: linked.totalMs,
    floorMs: floorMs + (await openLevel(copy)),
    pauseMs: linked.report.pauseMs,
  };
}

const columns = ['base', 'link, ms', 'pause, ms', 'floor, ms', 'growth of link', 'growth of floor'];
const rows = runs.map((run) => {
  const reference = runs.find(({ inBulk }) => inBulk === run.inBulk);
  const growth = (name) => median(run[name]) / median(reference[name]);
  return [
    `${run.syncs} syncs of ${run.grants.toLocaleString('en')} grants, ${run.title}`,
    median(run.linkMs).toFixed(1),
    median(run.pauseMs).toFixed(2),
    median(run.floorMs).toFixed(1),
    growth('linkMs').toFixed(2),
    growth('floorMs').toFixed(2),
  ];
});
reportTable('growth', { columns, rows }, { runs });
