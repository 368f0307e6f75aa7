// Measures the floor of a link: the same number of links, renames, written bytes and fsyncs, without reading or
// splitting a table and without LevelDB. Also measures LevelDB's own open of such a generation.
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
    grants: { type: 'string', default: '100000' },
    syncs: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '9' },
    // Load the stores in bulk instead of in batches.
    imported: { type: 'boolean', default: false },
    directory: { type: 'string' },
  },
});
const [grants] = wholeNumbers('grants', flags.grants);
const [syncs] = wholeNumbers('syncs', flags.syncs);
const [rounds] = wholeNumbers('rounds', flags.rounds);

await inRunDirectory(async (directory) => {
  console.error(`loading a base of ${syncs} syncs of ${grants} grants, and a source ...`);
  const syncId = await loadStores(directory, { grants, syncs, inBulk: flags.imported });
  const figures = {
    link: [],
    extract: [],
    flush: [],
    stage: [],
    open: [],
    pause: [],
    floor: [],
    level: [],
  };
  let counts = {};
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    const linked = await linkOnce(directory, syncId);
    counts = countsOf(linked);
    const floorMs = floorOnce(join(directory, 'floor'), join(directory, 'copy'), counts);
    const levelMs = await openLevel(join(directory, 'copy'));
    if (round < WARM_UP_ROUNDS) continue;
    const { steps, pauseMs } = linked.report;
    figures.link.push(linked.totalMs);
    figures.extract.push(linked.extractMs);
    figures.flush.push(steps.flushMs);
    figures.stage.push(steps.stageMs);
    figures.open.push(steps.openMs);
    figures.pause.push(pauseMs);
    figures.floor.push(floorMs);
    figures.level.push(levelMs);
  }
  const { linkedTables, splitTables, splitBytes, totalTables, grownFiles, grownBytes } = counts;
  console.log(
    `${grants} grants of ${syncs} syncs: ${linkedTables} links, ${grownFiles} files shared by ` +
      `${grownBytes} bytes, ${splitTables} split tables of ${splitBytes} bytes, ${totalTables} tables in the next generation`,
  );
  const titles = {
    link: 'link: extract and commit',
    extract: '  extract',
    flush: '  flush',
    stage: '  stage',
    open: '  open and sync',
    pause: '  pause',
    floor: 'floor: links, writes, fsyncs alone',
    level: "classic-level's own open of that generation",
  };
  const columns = ['what', 'median ms', 'least ms'];
  const rows = Object.entries(titles).map(([name, title]) => [
    title,
    median(figures[name]).toFixed(2),
    Math.min(...figures[name]).toFixed(2),
  ]);
  const [link, floor] = [median(figures.link), median(figures.floor)];
  // Uses the link's own step, which is shorter than classic-level's open. It includes the fsync of a directory
  // that the floor also includes: about 0.8 ms.
  const withOpen = floor + median(figures.open);
  console.log(`link / floor: ${(link / floor).toFixed(2)}`);
  console.log(`link / floor and LevelDB's open: ${(link / withOpen).toFixed(2)}`);
  const details = { grants, syncs, imported: flags.imported, counts, figures };
  reportTable('floor', { columns, rows }, details);
}, flags.directory);
