// Syncs on a cluster: replaced from a local store by `compact`, and kept by SyncStore, as on one machine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compact } from '@sstitch/compactor';
import type { ReadWriteEngine } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { digestSync, SyncStore, verifyIndexes } from '@sstitch/records';
import { loadSyntheticSync, syntheticSync, writeSyntheticSync } from '@sstitch/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { ClusterStore, MemoryCluster } from '../src/index.js';

const views = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const SYNCS = [0, 1, 2].map((syncIndex) => ({ seed: 7, syncIndex, grants: 400 }));
const opened: Array<() => Promise<void>> = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function openCluster(cluster: MemoryCluster) {
  const store = new ClusterStore<Uint8Array, Uint8Array>(cluster.store('base'), views);
  await store.open();
  opened.push(() => store.close());
  return store;
}

async function openLocal() {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-cluster-'));
  const store = new Store<Uint8Array, Uint8Array>(join(directory, 'source'), views);
  await store.open();
  opened.push(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return store;
}

describe('a cluster store', () => {
  it.each(['auto', 'batch'] as const)(
    'takes a new version of a sync from a local store by compact with strategy %s, and keeps the others',
    async (strategy) => {
      const cluster = new MemoryCluster();
      const base = await openCluster(cluster);
      const source = await openLocal();
      for (const sync of SYNCS) await loadSyntheticSync(base, sync);
      const syncIds = SYNCS.map((sync) => syntheticSync(sync).syncId);
      const [kept, replaced, alsoKept] = syncIds as [string, string, string];
      const digests = async (engine: Parameters<typeof digestSync>[0]) =>
        Promise.all([kept, alsoKept].map(async (id) => (await digestSync(engine, id)).digest));
      const before = await digests(base);
      await writeSyntheticSync(source, { seed: 7, syncIndex: 1, grants: 400, revision: 2 });

      const held = base.snapshot();
      const old = (await digestSync(base, replaced)).digest;
      const result = await compact({ base, source, syncIds: [replaced], strategy });

      expect(result.syncs).toEqual([replaced]);
      expect(result.strategy).toBe(strategy === 'auto' ? 'rebuild' : 'batch');
      const expected = (await digestSync(source, replaced)).digest;
      expect(expected).not.toBe(old);
      expect((await digestSync(base, replaced)).digest).toBe(expected);
      expect((await digestSync(base, replaced, { snapshot: held })).digest).toBe(old);
      expect(await digests(base)).toEqual(before);
      const other = await openCluster(cluster);
      expect((await digestSync(other, replaced)).digest).toBe(expected);
      expect(await digests(other)).toEqual(before);
    },
  );

  it('takes part in compactions by its sublevels, which accept only batches, as any database does', async () => {
    const cluster = await openCluster(new MemoryCluster());
    const [from, to] = ['from', 'to'].map((name) => cluster.sublevel(name, views));
    const local = await openLocal();
    await writeSyntheticSync(local, { seed: 7, grants: 20 });
    const { syncId } = syntheticSync({ seed: 7, grants: 20 });
    const [base, source] = [to, from] as unknown as [ReadWriteEngine, ReadWriteEngine];
    await compact({ base: source, source: local, syncIds: [syncId] });
    await compact({ base, source, syncIds: [syncId] });
    expect(await digestSync(base, syncId)).toEqual(await digestSync(local, syncId));
  });

  it('refuses a batch whose sync another process replaced since it was planned', async () => {
    const cluster = new MemoryCluster();
    const [base, other] = [await openCluster(cluster), await openCluster(cluster)];
    const [source, newer] = [await openLocal(), await openLocal()];
    await loadSyntheticSync(base, { seed: 7, grants: 400 });
    await writeSyntheticSync(source, { seed: 7, grants: 400, revision: 2 });
    await writeSyntheticSync(newer, { seed: 7, grants: 400, revision: 3 });
    const { syncId } = syntheticSync({ seed: 7, grants: 400 });
    const engine: ReadWriteEngine = base;
    const batch = engine.batch.bind(engine);
    let commits = 0;
    engine.batch = async (operations, options) => {
      if (commits++ === 0) await compact({ base: other, source: newer, syncIds: [syncId] });
      await batch(operations, options);
    };

    const compacting = () => compact({ base, source, syncIds: [syncId], strategy: 'batch' });
    await expect(compacting()).rejects.toMatchObject({ code: 'SSTITCH_COMMIT_CONFLICT' });
    expect(await digestSync(base, syncId)).toEqual(await digestSync(newer, syncId));
    await compacting();
    expect(await digestSync(base, syncId)).toEqual(await digestSync(source, syncId));
  });

  it('keeps the records, indexes and statistics of a sync that SyncStore writes', async () => {
    const base = await openCluster(new MemoryCluster());
    const store = new SyncStore(base);
    const sync = syntheticSync({ seed: 3, grants: 500 });
    for (const records of sync.records()) await store.putMany(sync.syncId, records);
    await base.fold();
    const problems = [];
    for await (const problem of verifyIndexes(base, sync.syncId)) problems.push(problem);
    expect(problems).toEqual([]);
    expect(await store.count(sync.syncId, 'grant')).toBe(500);
    const [grant] = (await store.listGrants(sync.syncId).page({ limit: 1 })).records;
    expect(grant).toBeDefined();
  });
});
