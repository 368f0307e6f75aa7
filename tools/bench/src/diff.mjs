// Measures the difference of two nearly equal versions of a sync: with readers of both stores, which skip
// shared tables, and by reading both completely.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openReadOnly, Store } from '@sstitch/engine';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import { diffSyncs } from '@sstitch/operations';
import { SyncStore } from '@sstitch/records';
import { loadSyntheticSync } from '@sstitch/testkit';
import { median, printTable } from './report.mjs';
import { writeResults } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const BYTES = { keyEncoding: 'view', valueEncoding: 'view' };

const { values: flags } = parseArgs({
  options: {
    grants: { type: 'string', default: '1000000' },
    changes: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    directory: { type: 'string' },
  },
});
const [grants] = wholeNumbers('grants', flags.grants);
const [changes] = wholeNumbers('changes', flags.changes);
const [rounds] = wholeNumbers('rounds', flags.rounds);

/** An engine that does not report shared spans. */
function withoutSharing(reader) {
  return new Proxy(reader, {
    get(target, name) {
      if (name === 'sharedSpans') return undefined;
      const member = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Changes some grants, spread over the whole sync. */
async function changeGrants(store, syncId) {
  const records = new SyncStore(store);
  let at = 0;
  const every = Math.floor(grants / changes);
  for await (const grant of records.listGrants(syncId)) {
    if (at++ % every === 0) {
      await records.put(syncId, { ...grant, needsExpansion: !grant.needsExpansion });
    }
  }
}

await inRunDirectory(async (directory) => {
  const [basePath, sourcePath] = [join(directory, 'base'), join(directory, 'source')];
  console.error(`making a sync of ${grants} grants, linking it, changing some ${changes} ...`);
  const source = new Store(sourcePath, BYTES);
  const { syncId, entries } = await loadSyntheticSync(source, { grants });
  const base = new Store(basePath, BYTES);
  const spans = syncSpansInKeyOrder(syncId).map(({ span }) => span);
  await base.ingestFrom(source, spans);
  await changeGrants(base, syncId);
  await Promise.all([base.close(), source.close()]);

  const figures = { shared: [], 'all of both': [] };
  const found = new Set();
  // Round 0 warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const what of Object.keys(figures)) {
      const start = performance.now();
      const readers = [await openReadOnly(basePath, BYTES), await openReadOnly(sourcePath, BYTES)];
      const engines = what === 'shared' ? readers : readers.map(withoutSharing);
      const [before, after] = engines.map((engine) => ({ engine, syncId }));
      const counts = await diffSyncs(before, after).count();
      for (const reader of readers) await reader.close();
      if (round > 0) figures[what].push(performance.now() - start);
      const changed = ({ added, removed, changed }) => [added, removed, changed];
      found.add(JSON.stringify(Object.entries(counts).map(([name, of]) => [name, changed(of)])));
    }
  }
  if (found.size !== 1) throw new Error(`they differ: ${[...found].join(' and ')}`);
  console.log(`A sync of ${grants} grants, ${entries} entries; found ${[...found][0]}.`);
  const times = Object.entries(figures);
  printTable(
    ['read', 'median ms', 'least ms'],
    times.map(([what, all]) => [what, median(all).toFixed(1), Math.min(...all).toFixed(1)]),
  );
  writeResults('diff', { grants, entries, changes, figures });
}, flags.directory);
