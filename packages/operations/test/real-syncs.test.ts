// Every operation on real sync files, and on synthetic syncs with many grants, in a real store. SSTITCH_LONG=1 uses
// 300,000 grants instead of 2,000.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { openC1z } from '@sstitch/c1z';
import { openReadOnly, Store } from '@sstitch/engine';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import {
  digestSync,
  GrantRecordSchema,
  RecordLoader,
  StoreSink,
  SyncReader,
  SyncStore,
} from '@sstitch/records';
import { loadSyntheticSync, syntheticSyncId } from '@sstitch/testkit';
import { expect, onTestFinished, test } from 'vitest';
import {
  cloneSync,
  compactKeeping,
  diffSyncs,
  mergeSyncs,
  pruneSyncs,
  renameSync,
  replacedVersionId,
  rollbackSync,
} from '../src/index.js';
import { FOURTH, problemsOf, THIRD } from './small-syncs.js';

const { SSTITCH_LONG: longRun } = process.env;
const GRANTS = longRun ? 300_000 : 2_000;
const TIMEOUT_MS = 30 * 60 * 1000;

type ByteStore = Store<Uint8Array, Uint8Array>;

const BYTES = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const SHARED = fileURLToPath(new URL('../../../../shared/data/c1z3/', import.meta.url));
const IN_REPOSITORY = fileURLToPath(new URL('../../c1z/test-data/', import.meta.url));
const SAMPLES = [
  ...['sync-36zfOAoWMxQdISbixanQCRBiX7E.c1z', 'format3-today.c1z'].map((name) =>
    join(IN_REPOSITORY, name),
  ),
  ...['b-3000.c1z', 'a2-mutated.c1z', 'g-pebble2.c1z'].map((name) => join(SHARED, name)),
];

async function openStore(): Promise<ByteStore> {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-operations-'));
  const store: ByteStore = new Store(join(directory, 'store'), BYTES);
  onTestFinished(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  await store.open();
  return store;
}

async function digestOf(store: ByteStore, syncId: string): Promise<string> {
  return (await digestSync(store, syncId)).digest;
}

/** Makes a version of the sync that differs in two grants. */
async function addGrants(store: ByteStore, syncId: string): Promise<void> {
  const records = new SyncStore(store);
  await records.putMany(
    syncId,
    ['new-1', 'new-2'].map((externalId) =>
      create(GrantRecordSchema, { syncId, externalId, needsExpansion: true }),
    ),
  );
}

/** Runs every operation on a sync. In the end the store holds it unchanged. */
async function expectOperations(store: ByteStore, syncId: string): Promise<void> {
  const digest = await digestOf(store, syncId);
  const input = { engine: store, syncId };
  const sum = (counts: object) =>
    Object.values(counts as Record<string, Record<string, number>>).reduce(
      (total, { added = 0, removed = 0, changed = 0 }) => total + added + removed + changed,
      0,
    );

  await cloneSync({ ...input, into: store, as: THIRD });
  expect(await problemsOf(store, THIRD)).toEqual([]);
  expect(sum(await diffSyncs(input, { engine: store, syncId: THIRD }).count())).toBe(0);

  // A newer version, in a store of its own.
  const source = await openStore();
  await cloneSync({ ...input, into: source, as: syncId });
  await addGrants(source, syncId);
  const newer = await digestOf(source, syncId);
  await compactKeeping({ base: store, source, syncIds: [syncId] });
  expect(await digestOf(store, syncId)).toBe(newer);
  const side = replacedVersionId(syncId);
  expect(await problemsOf(store, side)).toEqual([]);
  const counts = await diffSyncs({ engine: store, syncId: side }, input).count();
  expect(counts.grant).toMatchObject({ added: 2, removed: 0, changed: 0 });
  await rollbackSync(input);
  expect(await digestOf(store, syncId)).toBe(digest);

  const partial = { engine: source, syncId };
  const { loaded } = await mergeSyncs({
    base: input,
    partials: [partial],
    into: store,
    as: FOURTH,
  });
  expect(await problemsOf(store, FOURTH)).toEqual([]);
  const grants = (await new SyncReader(source).getSyncStats(syncId))?.grants;
  if (grants !== undefined) expect(loaded.stats.grants).toBe(grants);
  const merged = await diffSyncs(partial, { engine: store, syncId: FOURTH }).count();
  expect(sum(merged)).toBe(0);

  await pruneSyncs({ engine: store, policy: { keepSyncIds: [syncId], removeReplaced: true } });
  expect((await digestSync(store, side)).keys).toBe(0);
  const moved = syntheticSyncId({ syncIndex: 9 });
  await renameSync({ ...input, as: moved });
  expect(await problemsOf(store, moved)).toEqual([]);
  await renameSync({ engine: store, syncId: moved, as: syncId });
  expect(await digestOf(store, syncId)).toBe(digest);
}

test.each(SAMPLES)(
  'of a real file: %s',
  async (path) => {
    if (!existsSync(path)) {
      console.log(`skipped: there is no ${basename(path)} here`);
      return;
    }
    const store = await openStore();
    const loader = new RecordLoader((options) => store.tableLoader(options));
    const sink = new StoreSink(loader, store);
    const file = await openC1z(path, { zone: 'UTC' });
    try {
      for await (const batch of file.batches()) await sink.add(batch);
      await sink.finish();
    } finally {
      await sink.close();
      await file.close();
    }
    for (const { syncId } of file.syncs()) await expectOperations(store, syncId);
  },
  TIMEOUT_MS,
);

test(
  `of a synthetic sync of ${GRANTS} grants`,
  async () => {
    const store = await openStore();
    const { syncId } = await loadSyntheticSync(store, { grants: GRANTS });
    await expectOperations(store, syncId);
  },
  TIMEOUT_MS,
);

test('a diff of linked stores finds later writes, and reads little else', async () => {
  const [base, source] = [await openStore(), await openStore()];
  const { syncId } = await loadSyntheticSync(source, { grants: 5_000 });
  const spans = syncSpansInKeyOrder(syncId);
  await base.ingestFrom(
    source,
    spans.map(({ span }) => span),
  );
  await addGrants(base, syncId);
  const readers = [
    await openReadOnly<Uint8Array, Uint8Array>(source.location, BYTES),
    await openReadOnly<Uint8Array, Uint8Array>(base.location, BYTES),
  ] as const;
  const [before, after] = readers.map((engine) => ({ engine, syncId })) as [never, never];
  const { grant } = await diffSyncs(before, after).count();
  for (const reader of readers) await reader.close();
  expect(grant).toMatchObject({ added: 2, removed: 0, changed: 0 });
  expect(grant?.unchanged).toBeLessThan(500);
});
