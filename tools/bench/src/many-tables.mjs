// Measures commits in bases of very many tables. Small tables stand in for large ones, because the cost of such
// a commit is in the number of files. The base has one sync of --grants among as many tiny ones as make
// --tables tables.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDataset } from './dataset.mjs';
import { loadInTables, shapeOfTables } from './load-in-tables.mjs';
import { measure } from './measure.mjs';
import { peersNamed } from './peers.mjs';
import { median } from './report.mjs';
import { reportTable } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const { values: flags } = parseArgs({
  options: {
    tables: { type: 'string', default: '100,1000,10000' },
    long: { type: 'boolean', default: false },
    grants: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    directory: { type: 'string' },
  },
});
const [rounds] = wholeNumbers('rounds', flags.rounds);
const [grants] = wholeNumbers('grants', flags.grants);
const tableCounts = wholeNumbers('tables', flags.tables + (flags.long ? ',50000' : ''));

const runs = [];
await inRunDirectory(async (directory) => {
  for (const wanted of tableCounts) {
    console.error(`a base of some ${wanted} tables ...`);
    const shape = shapeOfTables(wanted, grants);
    const dataset = await makeDataset(join(directory, 'data'), shape);
    let tables = 0;
    const loadBase = async (_, baseDirectory) => {
      tables = await loadInTables(baseDirectory, shape);
      return true;
    };
    const [link] = await measure({
      dataset,
      peers: peersNamed(['link']),
      rounds,
      directory,
      loadBase,
    });
    if (link.medianMs === undefined) throw new Error(link.notMeasured);
    const pauseMs = median(link.replies.map((reply) => reply.pauseMs));
    runs.push({ tables, pauseMs, link });
  }
}, flags.directory);

const columns = ['tables in base', 'link ms', 'pause ms', 'close ms', 'ms a 1,000 tables'];
const rows = runs.map(({ tables, pauseMs, link }) => [
  tables,
  link.medianMs.toFixed(1),
  pauseMs.toFixed(2),
  link.closeMs.toFixed(1),
  ((link.medianMs / tables) * 1000).toFixed(1),
]);
reportTable('many-tables', { columns, rows }, { runs });
