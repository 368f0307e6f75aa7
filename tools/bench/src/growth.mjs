// How a link's time grows: with the size of the sync, and with the number of syncs in the base.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDataset } from './dataset.mjs';
import { measure } from './measure.mjs';
import { peersNamed } from './peers.mjs';
import { median, printTable } from './report.mjs';
import { writeResults } from './results.mjs';
import { inRunFolder, wholeNumbers } from './run-folder.mjs';

const { values: flags } = parseArgs({
  options: {
    // The first of each is what the others are compared to.
    grants: { type: 'string', default: '100000,1000000' },
    syncs: { type: 'string', default: '3,30' },
    rounds: { type: 'string', default: '9' },
    folder: { type: 'string' },
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
await inRunFolder(async (folder) => {
  for (const shape of shapes) {
    console.error(`${shape.syncs} syncs of ${shape.grants} grants ...`);
    const dataset = await makeDataset(join(folder, 'data'), shape);
    const [link] = await measure({ dataset, peers: peersNamed(['link']), rounds, folder });
    if (link.medianMs === undefined) throw new Error(link.notMeasured);
    const pauseMs = median(link.replies.map((reply) => reply.pauseMs));
    runs.push({ shape, entries: dataset.base.entries, pauseMs, link });
  }
}, flags.folder);

const reference = runs[0].link.medianMs;
printTable(
  ['grants', 'syncs', 'entries in base', 'link ms', 'pause ms', 'growth'],
  runs.map(({ shape, entries, pauseMs, link }) => [
    shape.grants,
    shape.syncs,
    entries,
    link.medianMs.toFixed(1),
    pauseMs.toFixed(2),
    (link.medianMs / reference).toFixed(2),
  ]),
);
writeResults('growth', { runs });
