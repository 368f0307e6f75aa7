// An aborted call fails in the same way in every package: with an AbortError of its error class, whose code is
// SSTITCH_ABORTED and whose cause is the signal's reason. The packages' own tests fire signals during the work.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createC1z, openC1z } from '@sstitch/c1z';
import { compact } from '@sstitch/compactor';
import { adopt, openReadOnly, Store, salvageLogs, verifyStore } from '@sstitch/engine';
import {
  createGrantsCsv,
  createJsonLines,
  openGrantsCsv,
  openJsonLines,
  readBytes,
  writeBytes,
} from '@sstitch/lines';
import { PebbleDatabase, writePebbleDatabase } from '@sstitch/pebble';
import {
  countSync,
  digestSync,
  RecordLoader,
  StoreSource,
  type SyncSink,
  SyncStore,
  verifyIndexes,
} from '@sstitch/records';
import {
  loadSyntheticSync,
  ModelEngine,
  syntheticEntries,
  syntheticSync,
  writeSyntheticSync,
} from '@sstitch/testkit';
import { runKillFamily } from '@sstitch/testkit/torture';
import { afterAll, beforeAll, expect, test } from 'vitest';

const VIEW = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const SHAPE = { grants: 20 };
const { syncId } = syntheticSync(SHAPE);
const EVERYTHING = [{ start: new Uint8Array(0), end: undefined }];

const directory = mkdtempSync(join(tmpdir(), 'sstitch-aborts-'));
const path = (name: string) => join(directory, name);
/** A path that does not exist. */
const fresh = () => path(`made-${++made}`);
let made = 0;
let store: Store<Uint8Array, Uint8Array>;
let source: Store<Uint8Array, Uint8Array>;

beforeAll(async () => {
  store = new Store(path('store'), VIEW);
  source = new Store(path('source'), VIEW);
  await Promise.all([store.open(), source.open()]);
  await writeSyntheticSync(store, SHAPE);
  await writeSyntheticSync(source, SHAPE);
  await store.checkpoint(path('closed'));
  await store.checkpoint(path('pebble'), { format: 'pebble' });
  for (const [name, create] of [
    ['sync.jsonl', createJsonLines],
    ['grants.csv', createGrantsCsv],
  ] as const) {
    await copyStore(create(path(name)));
  }
  await copyStore(await createC1z(path('sync.c1z')));
});

afterAll(async () => {
  await Promise.all([store.close(), source.close()]);
  rmSync(directory, { recursive: true, force: true });
});

async function copyStore(sink: SyncSink<unknown>): Promise<void> {
  await using target = sink;
  for await (const batch of new StoreSource(store).batches()) await target.add(batch);
  await target.finish();
}

async function readAll(pages: AsyncIterable<unknown>): Promise<void> {
  for await (const _page of pages);
}

async function* noPages() {}

const ABORTED: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
  // engine
  'Store.excise': (signal) => store.excise(EVERYTHING, { signal }),
  'Store.replaceSpans': (signal) => store.replaceSpans(EVERYTHING, noPages(), { signal }),
  'Store.ingestFrom': (signal) => store.ingestFrom(source, EVERYTHING, { signal }),
  'Store.ingestFrom, rebuild': (signal) =>
    store.ingestFrom(source, EVERYTHING, { signal, rebuild: true }),
  'Store.ingestAndExcise': async (signal) => {
    const tables = await source.extract(EVERYTHING, fresh());
    await store.ingestAndExcise(tables, { signal });
  },
  'Store.extract': (signal) => store.extract(EVERYTHING, fresh(), { signal }),
  'Store.checkpoint': (signal) => store.checkpoint(fresh(), { signal }),
  'Store.checkpoint, pebble': (signal) => store.checkpoint(fresh(), { signal, format: 'pebble' }),
  'Store.verifySpans': (signal) => store.verifySpans(EVERYTHING, { signal }),
  'Store.tableLoader': async (signal) => {
    const loader = store.tableLoader({ signal });
    try {
      await loader.finish(EVERYTHING);
    } finally {
      await loader.end();
    }
  },
  openReadOnly: (signal) => openReadOnly(path('closed'), { ...VIEW, signal }),
  'ReadOnlyStore.extract': async (signal) => {
    await using reader = await openReadOnly(path('closed'), VIEW);
    await reader.extract(EVERYTHING, fresh(), { signal });
  },
  'ReadOnlyStore.verifySpans': async (signal) => {
    await using reader = await openReadOnly(path('closed'), VIEW);
    await reader.verifySpans(EVERYTHING, { signal });
  },
  adopt: (signal) => adopt(path('pebble'), fresh(), { signal }),
  verifyStore: (signal) => verifyStore(path('closed'), { signal }),
  salvageLogs: (signal) => salvageLogs(path('closed'), { signal }),

  // pebble
  'PebbleDatabase.entries': async (signal) => {
    await using database = await PebbleDatabase.open(path('pebble'));
    await readAll(database.entries({ signal }));
  },
  writePebbleDatabase: (signal) => writePebbleDatabase(fresh(), [], { signal }),

  // records
  'SyncStore.putMany': (signal) =>
    new SyncStore(store).putMany(syncId, syntheticSync(SHAPE).records().next().value ?? [], {
      signal,
    }),
  'SyncStore.recountSync': (signal) => new SyncStore(store).recountSync(syncId, { signal }),
  'SyncReader.listGrants': (signal) => readAll(new SyncStore(store).listGrants(syncId, { signal })),
  'SyncStore.listNewestSyncRuns': (signal) =>
    readAll(new SyncStore(store).listNewestSyncRuns({ signal })),
  countSync: (signal) => countSync(store, syncId, { signal }),
  digestSync: (signal) => digestSync(store, syncId, { signal }),
  verifyIndexes: (signal) => readAll(verifyIndexes(store, syncId, { signal })),
  'StoreSource.batches': (signal) => readAll(new StoreSource(store).batches({ signal })),
  RecordLoader: async (signal) => {
    const loader = new RecordLoader((options) => store.tableLoader(options), { signal });
    try {
      for (const records of syntheticSync(SHAPE).records()) await loader.addMany(syncId, records);
      await loader.commit(store);
    } finally {
      await loader.end();
    }
  },

  // c1z
  openC1z: (signal) => openC1z(path('sync.c1z'), { signal }),
  'C1zFile.batches': async (signal) => {
    await using file = await openC1z(path('sync.c1z'));
    await readAll(file.batches({ signal }));
  },
  createC1z: (signal) => createC1z(fresh(), { signal }),

  // lines
  'JsonLinesSource.batches': async (signal) => {
    await using lines = openJsonLines(path('sync.jsonl'));
    await readAll(lines.batches({ signal }));
  },
  'GrantsCsvSource.batches': async (signal) => {
    await using sheet = openGrantsCsv(path('grants.csv'));
    await readAll(sheet.batches({ signal }));
  },
  createJsonLines: async (signal) => createJsonLines(fresh(), { signal }),
  createGrantsCsv: async (signal) => createGrantsCsv(fresh(), { signal }),
  readBytes: (signal) => readAll(readBytes(path('sync.jsonl'), { signal })),
  writeBytes: (signal) => writeBytes(fresh(), noPages(), { signal }),

  // compactor
  compact: (signal) => compact({ base: store, source, syncIds: [syncId], signal }),
  'compact, batch': (signal) =>
    compact({ base: store, source, syncIds: [syncId], strategy: 'batch', signal }),
  'compact, rebuild': (signal) =>
    compact({ base: store, source, syncIds: [syncId], strategy: 'rebuild', signal }),

  // testkit
  'ModelEngine.replaceSpans': (signal) =>
    new ModelEngine().replaceSpans(EVERYTHING, noPages(), { signal }),
  'ModelEngine.iterator': (signal) => new ModelEngine().iterator({ ...VIEW, signal }).next(),
  writeSyntheticSync: (signal) => writeSyntheticSync(new ModelEngine(), { ...SHAPE, signal }),
  loadSyntheticSync: (signal) => loadSyntheticSync(new ModelEngine(), { ...SHAPE, signal }),
  syntheticEntries: (signal) => readAll(syntheticEntries({ ...SHAPE, signal })),
  runKillFamily: (signal) => runKillFamily({ rounds: 1, seed: 1, signal }),
};

test.each(Object.entries(ABORTED))(
  '%s rejects with an AbortError that has the reason',
  async (_name, run) => {
    const reason = { why: 'enough' };
    const error: unknown = await run(AbortSignal.abort(reason)).then(
      () => 'the call was not aborted',
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'AbortError', code: 'SSTITCH_ABORTED' });
    expect((error as Error).cause).toBe(reason);
  },
);
