// What every backend's stores have to pass: the conformance suite of the engine contract, abstract-level's own suite, and
// random sequences that are compared with a model.
import { randomUUID } from 'node:crypto';
import { abstractLevelResults } from '@sstitch/build-config/abstract-level-suite';
import { byteEncodings, type EntryPages, type Span } from '@sstitch/contract';
import { engineConformance, ModelEngine } from '@sstitch/testkit';
import {
  type MetamorphicTarget,
  runMetamorphic,
  type StoreSettings,
} from '@sstitch/testkit/metamorphic';
import { describe, expect, it } from 'vitest';
import type { ClusterConnection } from '../src/connection.js';
import { ClusterStore } from '../src/store/cluster-store.js';

export interface StoreSuitesOptions {
  /** The smallest number of random sequences. SSTITCH_CLUSTER_METAMORPHIC_RUNS overrides it. @defaultValue 8 */
  readonly metamorphicRuns?: number;
}

/**
 * Declares the suites.
 *
 * @param connection returns the open connection. Every test has stores of its own
 */
export function storeSuites(
  name: string,
  connection: () => ClusterConnection,
  { metamorphicRuns = 8 }: StoreSuitesOptions = {},
): void {
  const newPort = () => connection().store(`suite/${randomUUID()}`);

  engineConformance(`stores on ${name}`, { describe, it }, async () => {
    const port = newPort();
    const open = async () => {
      const store = new ClusterStore<Uint8Array, Uint8Array>(port, byteEncodings);
      await store.open();
      return store;
    };
    let store = await open();
    return {
      engine: store,
      reopen: async () => {
        await store.close();
        store = await open();
        return store;
      },
      destroy: () => store.close(),
    };
  });

  it(`abstract-level's whole test suite passes against stores on ${name}`, async () => {
    const results = await abstractLevelResults((options) => new ClusterStore(newPort(), options));
    expect(results.filter(({ ok }) => ok === false)).toEqual([]);
    expect(results.length).toBeGreaterThan(3000);
  });

  it(`a store on ${name} agrees with the model after every action, in every process`, async () => {
    const runs = Number(process.env['SSTITCH_CLUSTER_METAMORPHIC_RUNS'] ?? metamorphicRuns);
    await runMetamorphic((settings) => makeTarget(newPort, settings), { runs, actions: 60 });
  }, 600_000);
}

const noEntries: EntryPages = (async function* () {})();

/** A second process stands in for what the harness calls a checkpoint and a read-only store. */
async function makeTarget(
  newPort: () => ReturnType<ClusterConnection['store']>,
  settings: readonly [StoreSettings, ...StoreSettings[]],
): Promise<MetamorphicTarget> {
  const port = newPort();
  let opened = 0;
  const open = async () => {
    const { blockSize, cacheSize } = settings[opened % settings.length] ?? settings[0];
    opened += 1;
    const store = new ClusterStore<Uint8Array, Uint8Array>(port, {
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
