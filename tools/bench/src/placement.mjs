// Measures whether a store keeps its shape: compacts many small syncs one after another by linking, then counts
// the tables in level 0 and compares the time of reads with that after a full compaction.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compact } from '@sstitch/compactor';
import { byteEncodings } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { syntheticSyncId, writeSyntheticSync } from '@sstitch/testkit';
import { median } from './report.mjs';
import { reportTable } from './results.mjs';
import { readableKeys } from './syncs.mjs';

const { values: flags } = parseArgs({
  options: {
    compactions: { type: 'string', default: '200' },
    syncs: { type: 'string', default: '20' },
    grants: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '11' },
  },
});
const compactions = Number(flags.compactions);
const syncs = Number(flags.syncs);
const grants = Number(flags.grants);
const directory = mkdtempSync(join(tmpdir(), 'sstitch-bench-'));
const stores = [];

function openStore(name) {
  const store = new Store(join(directory, name));
  stores.push(store);
  return store;
}

try {
  const base = openStore('base');
  const sources = [openStore('source-0'), openStore('source-1')];
  console.error(`filling ${syncs} syncs of ${grants} grants ...`);
  for (let syncIndex = 0; syncIndex < syncs; syncIndex++) {
    await writeSyntheticSync(base, { grants, syncIndex, shuffle: true });
    for (const [revision, source] of sources.entries()) {
      await writeSyntheticSync(source, {
        grants,
        syncIndex,
        revision: revision + 2,
        shuffle: true,
      });
    }
  }
  console.error(`${compactions} compactions ...`);
  let mostLevel0 = 0;
  for (let i = 0; i < compactions; i++) {
    const source = sources[Math.floor(i / syncs) % sources.length];
    const syncId = syntheticSyncId({ syncIndex: i % syncs });
    await compact({ base, source, syncIds: [syncId], strategy: 'link' });
    // Writes outside the sync, too: each commit flushes them.
    await base.put(`other-${i}`, 'x'.repeat(100));
    mostLevel0 = Math.max(mostLevel0, (await base.metrics()).levels[0].tables);
  }
  await Promise.all(sources.map((source) => source.close()));
  const shape = await base.metrics();
  await base.close();
  cpSync(join(directory, 'base'), join(directory, 'settled'), { recursive: true });

  const asIs = openStore('base');
  const settled = openStore('settled');
  await settled.compactRange(new Uint8Array([0]), new Uint8Array([255]), { keyEncoding: 'view' });
  const keys = [];
  for (let i = 0; i < syncs; i++) {
    keys.push(...(await readableKeys(asIs, syntheticSyncId({ syncIndex: i }), 500)));
  }
  const work = {
    get: async (store) => {
      for (let i = 0; i < 10_000; i++) {
        await store.get(keys[(i * 7919) % keys.length], byteEncodings);
      }
    },
    iterate: async (store) => {
      const iterator = store.iterator(byteEncodings);
      while ((await iterator.nextv(1000)).length > 0);
      await iterator.close();
    },
  };
  const rows = [
    ['tables in level 0, most', mostLevel0, '', '', '4'],
    ['tables in level 0, at the end', shape.levels[0].tables, '', '', '4'],
    ['tables', shape.levels.map(({ tables }) => tables).join(' '), '', '', ''],
  ];
  for (const [name, run] of Object.entries(work)) {
    const times = { asIs: [], settled: [] };
    for (let round = 0; round < Number(flags.rounds) + 2; round++) {
      for (const which of round % 2 === 0 ? ['asIs', 'settled'] : ['settled', 'asIs']) {
        const start = performance.now();
        await run(which === 'asIs' ? asIs : settled);
        if (round >= 2) times[which].push(performance.now() - start);
      }
    }
    const [a, b] = [median(times.asIs), median(times.settled)];
    rows.push([`${name}, ms`, a.toFixed(1), b.toFixed(1), (a / b).toFixed(2), '1.10']);
  }
  const columns = ['figure', 'as compacted', 'settled', 'ratio', 'target'];
  reportTable('placement', { columns, rows });
} finally {
  await Promise.all(stores.map((store) => store.close()));
  rmSync(directory, { recursive: true, force: true });
}
