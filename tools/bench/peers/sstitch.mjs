// SSTitch with its compactor; the environment variable STRATEGY names the strategy. Stores are filled in
// batches and settled by LevelDB or, if LOAD is `bulk`, loaded in bulk.
import { compact } from '@sstitch/compactor';
import { Store } from '@sstitch/engine';
import { parseKey } from '@sstitch/keys';
import { servePeer } from './driver.mjs';
import { loadLevel, pagesOf } from './level-database.mjs';
import { loadEntriesInBulk } from './load-entries-in-bulk.mjs';

const strategy = process.env['STRATEGY'] ?? 'auto';

await servePeer({
  async open(directory) {
    const store = new Store(directory);
    await store.open();
    return store;
  },
  load: process.env['LOAD'] === 'bulk' ? loadEntriesInBulk : loadLevel,
  pages: pagesOf,
  async replace(base, source, spans) {
    const { syncId } = parseKey(await firstKey(source, spans));
    const result = await compactOrRefuse({ base, source, syncIds: [syncId], strategy });
    if (typeof result === 'string') return { refused: result };
    const tables = { linked: 0, copied: 0, split: 0, built: 0 };
    for (const bucket of result.buckets) {
      for (const origin of Object.keys(tables)) tables[origin] += bucket.tables[origin];
    }
    return { pauseMs: result.pauseMs, strategy: result.strategy, tables };
  },
});

/** Reports the size limit of a batch as a refusal, not as a failure. */
async function compactOrRefuse(options) {
  try {
    return await compact(options);
  } catch (error) {
    if (error.code === 'SSTITCH_BATCH_TOO_LARGE') return error.message;
    throw error;
  }
}

/** The first key in the spans, which contains the sync's id: a peer is given only spans. */
async function firstKey(source, spans) {
  for (const [gte, lt] of spans) {
    for await (const [[key]] of pagesOf(source, { gte, lt, limit: 1 })) return key;
  }
  throw new Error('the source holds nothing in the spans');
}
