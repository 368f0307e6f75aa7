// Measures the main job, replacing one sync in a base of several, with SSTitch and with the alternatives that a
// user would choose: one run, one machine, the same data, durable commits for all.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDataset } from './dataset.mjs';
import { measure } from './measure.mjs';
import { peersNamed } from './peers.mjs';
import { printMeasured, writeResults } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const USAGE = `Usage: pnpm bench [options]

  --grants N,N     grants of each sync, one table each            (100000)
  --syncs K,K      syncs in the base                              (3)
  --peers A,B      link, link-imported, rebuild, batch, auto, classic-level, lmdb, sqlite,
                   rocksdb, rocksdb-ready, pebble, pebble-ready   (all but auto)
  --rounds R       counted rounds; slow peers get two             (5)
  --order ORDER    in which entries are loaded: shuffled, sorted  (shuffled)
  --directory D    where databases are made, on one file system   (the temporary directory)

Other measurements: node tools/bench/src/X.mjs with X one of strategies, growth, many-tables, floor,
open, commit-pause, wrapper-price, link-steps, import, placement.`;

const { values: flags } = parseArgs({
  options: {
    grants: { type: 'string', default: '100000' },
    syncs: { type: 'string', default: '3' },
    peers: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    order: { type: 'string', default: 'shuffled' },
    directory: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (flags.help) {
  console.log(USAGE);
  process.exit(0);
}
const [rounds] = wholeNumbers('rounds', flags.rounds);
const peers = peersNamed(flags.peers?.split(','));
if (!['shuffled', 'sorted'].includes(flags.order)) throw new Error('--order is shuffled or sorted');

/** @type {any} */
const { order } = flags;

const runs = [];
await inRunDirectory(async (directory) => {
  for (const syncs of wholeNumbers('syncs', flags.syncs)) {
    for (const grants of wholeNumbers('grants', flags.grants)) {
      console.error(`making ${syncs} syncs of ${grants} grants, and a newer one ...`);
      const shape = { grants, syncs, order };
      const dataset = await makeDataset(join(directory, 'data'), shape);
      const measured = await measure({ dataset, peers, rounds, directory });
      const { source, base } = dataset;
      console.log(
        `\n${grants} grants (${source.entries} entries, ${source.bytes} bytes) of a base of ` +
          `${syncs} syncs (${base.entries} entries), loaded ${flags.order}`,
      );
      printMeasured(measured);
      runs.push({ shape, source, base, measured });
    }
  }
}, flags.directory);
writeResults('replace', { runs });
if (runs.some(({ measured }) => measured.some(({ failed }) => failed))) process.exitCode = 1;
