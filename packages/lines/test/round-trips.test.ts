// Syncs exported from a store to files and imported into another store have equal digests, which include index
// entries and statistics.
import { join } from 'node:path';
import { Store } from '@sstitch/engine';
import {
  digestSync,
  RecordLoader,
  StoreSink,
  StoreSource,
  SyncReader,
  type SyncSink,
  type SyncSource,
} from '@sstitch/records';
import { expect, onTestFinished, test } from 'vitest';
import { createGrantsCsv, createJsonLines, openGrantsCsv, openJsonLines } from '../src/index.js';
import { testDirectory } from './files.js';
import { OTHER_SYNC, SYNC, sampleSync, sourceOf } from './sample-syncs.js';

type ByteStore = Store<Uint8Array, Uint8Array>;

async function openStore(): Promise<ByteStore> {
  const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;
  const store: ByteStore = new Store(join(testDirectory(), 'store'), encodings);
  await store.open();
  onTestFinished(() => store.close());
  return store;
}

async function transfer(source: SyncSource, sink: SyncSink<unknown>): Promise<void> {
  try {
    for await (const batch of source.batches()) await sink.add(batch);
    await sink.finish();
  } finally {
    await sink.close();
  }
}

async function storeOf(source: SyncSource): Promise<ByteStore> {
  const store = await openStore();
  const loader = new RecordLoader((options) => store.tableLoader(options));
  await transfer(source, new StoreSink(loader, store));
  return store;
}

async function digestsOf(store: ByteStore): Promise<string[]> {
  const digests: string[] = [];
  for (const syncId of [SYNC, OTHER_SYNC]) digests.push((await digestSync(store, syncId)).digest);
  return digests;
}

test.each(['.jsonl', '.jsonl.gz', '.jsonl.zst'])('a store through %s', async (ending) => {
  const first = await storeOf(sourceOf(sampleSync(SYNC), sampleSync(OTHER_SYNC)));
  const path = join(testDirectory(), `syncs${ending}`);
  await transfer(new StoreSource(first), createJsonLines(path));
  const second = await storeOf(openJsonLines(path));
  expect(await digestsOf(second)).toEqual(await digestsOf(first));
});

test('a sheet round-trips through a store, and a store made from a sheet round-trips through a sheet', async () => {
  const samples = await storeOf(sourceOf(sampleSync(SYNC), sampleSync(OTHER_SYNC)));
  const paths = [0, 1].map((at) => join(testDirectory(), `grants-${at}.csv`)) as [string, string];
  const names = (store: ByteStore) => ({ names: new SyncReader(store) });
  await transfer(new StoreSource(samples), createGrantsCsv(paths[0], names(samples)));
  const first = await storeOf(openGrantsCsv(paths[0]));
  await transfer(new StoreSource(first), createGrantsCsv(paths[1], names(first)));
  const second = await storeOf(openGrantsCsv(paths[1]));
  expect(await digestsOf(second)).toEqual(await digestsOf(first));
});
