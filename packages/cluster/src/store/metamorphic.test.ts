// Random sequences of everything a store can do, compared with a model after each step. A second process stands in for
// what the harness calls a checkpoint and a read-only store.
import { byteEncodings, type EntryPages, type Span } from '@sstitch/contract';
import { ModelEngine } from '@sstitch/testkit';
import {
  type MetamorphicTarget,
  runMetamorphic,
  type StoreSettings,
} from '@sstitch/testkit/metamorphic';
import { it } from 'vitest';
import { MemoryCluster } from '../memory/memory-port.js';
import { ClusterStore } from './cluster-store.js';

const noEntries: EntryPages = (async function* () {})();

async function makeTarget(
  settings: readonly [StoreSettings, ...StoreSettings[]],
): Promise<MetamorphicTarget> {
  const cluster = new MemoryCluster();
  let opened = 0;
  const open = async () => {
    const { blockSize, cacheSize } = settings[opened % settings.length] ?? settings[0];
    opened += 1;
    const store = new ClusterStore<Uint8Array, Uint8Array>(cluster.store('store'), {
      ...byteEncodings,
      blockSizeBytes: blockSize,
      cacheBytes: cacheSize,
    });
    await store.open();
    return store;
  };
  let store = await open();
  const source = new ModelEngine();
  const openOther = async () => {
    const other = await open();
    return { engine: other, destroy: () => other.close() };
  };
  return {
    engine: store,
    source,
    reopen: async () => {
      await store.close();
      store = await open();
      return store;
    },
    close: () => store.close(),
    clear: (range) => store.clear({ ...range, keyEncoding: 'view' }),
    compactRange: async () => {
      await store.fold();
      await store.collect();
    },
    excise: async (spans) => void (await store.replaceSpans(spans, noEntries)),
    transfer: async (spans) => void (await store.replaceSpans(spans, entriesIn(source, spans))),
    checkpoint: async () => {
      await store.checkpoint();
      return openOther();
    },
    openReadOnly: openOther,
    destroy: () => store.close(),
  };
}

async function* entriesIn(source: ModelEngine, spans: readonly Span[]): EntryPages {
  for (const { start, end } of spans) {
    const range = end === undefined ? { gte: start } : { gte: start, lt: end };
    const iterator = source.iterator({ ...byteEncodings, ...range });
    for (let page = await iterator.nextv(10); page.length > 0; page = await iterator.nextv(10)) {
      yield page;
    }
    await iterator.close();
  }
}

it('a store agrees with the model after every action, in every process', async () => {
  const runs = Number(process.env['SSTITCH_CLUSTER_METAMORPHIC_RUNS'] ?? 8);
  await runMetamorphic(makeTarget, { runs, actions: 60 });
}, 600_000);
