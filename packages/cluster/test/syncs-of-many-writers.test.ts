// Processes that write the same syncs at the same time: what reads before it writes is as exact as in one process.
import { randomUUID } from 'node:crypto';
import { expandSync } from '@sstitch/access';
import {
  missingPostgres,
  type PostgresServer,
  startPostgres,
} from '@sstitch/build-config/postgres-server';
import {
  cloneSync,
  compactKeeping,
  type PrunePlan,
  pruneSyncs,
  replacedVersionId,
} from '@sstitch/operations';
import {
  countSync,
  digestSync,
  type GrantRecord,
  type SyncRecord,
  SyncStore,
  verifyIndexes,
} from '@sstitch/records';
import { ModelEngine, syntheticSync, writeSyntheticSync } from '@sstitch/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClusterConnection, ClusterStore, MemoryCluster } from '../src/index.js';
import { openPostgres } from '../src/postgres/index.js';
import { Random } from './simulator/random.js';

const views = { keyEncoding: 'view', valueEncoding: 'view' } as const;
type ByteStore = ClusterStore<Uint8Array, Uint8Array>;

const WRITERS = 4;
const ACTIONS = 25;
const SEEDS = Number(process.env['SSTITCH_CLUSTER_WRITER_SEEDS'] ?? 6);
const FIRST_SEED = Number(process.env['SSTITCH_CLUSTER_SEED'] ?? 1);
const SYNC = { seed: 5, grants: 60 };
const { syncId } = syntheticSync(SYNC);
const NAMED = '36zM46KKuaBq0wjSSvKh5o0350y';

const opened: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** Opens a store as a process of its own would. */
async function open(connection: ClusterConnection, name: string): Promise<ByteStore> {
  const store = new ClusterStore<Uint8Array, Uint8Array>(connection.store(name), views);
  await store.open();
  opened.push(() => store.close());
  return store;
}

/** A new store with a sync that has statistics, and a second process on it. */
async function setUp(): Promise<{ mine: ByteStore; other: ByteStore; grants: GrantRecord[] }> {
  const cluster = new MemoryCluster();
  const mine = await open(cluster, 's');
  await writeSync(mine);
  return { mine, other: await open(cluster, 's'), grants: syncGrants() };
}

async function writeSync(engine: ByteStore): Promise<void> {
  const store = new SyncStore(engine);
  for (const records of syntheticSync(SYNC).records()) await store.putMany(syncId, records);
  await store.recountSync(syncId);
}

function syncGrants(): GrantRecord[] {
  const isGrant = (record: SyncRecord): record is GrantRecord =>
    record.$typeName === 'c1.storage.v3.GrantRecord';
  return [...syntheticSync(SYNC).records()].flatMap((records) => [...records].filter(isGrant));
}

/** Checks that the sync has the index entries and the statistics of its records, and nothing else. */
async function expectExact(engine: ByteStore): Promise<void> {
  const problems = [];
  for await (const problem of verifyIndexes(engine, syncId)) problems.push(problem);
  expect(problems).toEqual([]);
  const writtenAt = new Date(0);
  const { writtenAt: _, ...stored } = (await new SyncStore(engine).getSyncStats(syncId)) ?? {};
  const { writtenAt: __, ...counted } = await countSync(engine, syncId, { writtenAt });
  expect(stored).toEqual(counted);
}

/** The store of a process, which calls `before` before each commit. */
function interrupted(store: ByteStore, before: () => Promise<unknown>): ByteStore {
  return new Proxy(store, {
    get: (_, name) => {
      const value: unknown = Reflect.get(store, name, store);
      if (typeof value !== 'function') return value;
      if (name !== 'batch' && name !== 'replaceSpans') return value.bind(store);
      return async (...given: unknown[]) => {
        await before();
        return value.apply(store, given);
      };
    },
  });
}

function once(run: () => Promise<unknown>): () => Promise<unknown> {
  let ran: Promise<unknown> | undefined;
  return () => {
    ran ??= run();
    return ran;
  };
}

const user = (resourceId: string) => ({ resourceTypeId: 'user', resourceId });

function granted(grant: GrantRecord, to: string, second: number): GrantRecord {
  const at = syntheticTime(grant, second);
  return {
    ...grant,
    principal: { ...grant.principal, ...user(to) },
    discoveredAt: at,
  } as GrantRecord;
}

function syntheticTime({ discoveredAt }: GrantRecord, second: number) {
  return { ...discoveredAt, seconds: BigInt(4_000_000_000 + second), nanos: 0 };
}

function secondOf(grant: GrantRecord | undefined): number {
  return grant === undefined ? 0 : Number(grant.discoveredAt?.seconds ?? 0n) - 4_000_000_000;
}

describe('a process', () => {
  it('that puts a record another process puts meanwhile leaves no index entry of it', async () => {
    const { mine, other, grants } = await setUp();
    const [grant] = grants as [GrantRecord];
    const engine = interrupted(
      mine,
      once(() => new SyncStore(other).put(syncId, granted(grant, 'theirs', 1))),
    );
    await new SyncStore(engine).put(syncId, granted(grant, 'mine', 2));
    await expectExact(other);
    expect(secondOf(await new SyncStore(other).getGrant(syncId, grant.externalId))).toBe(2);
  });

  it('that deletes a record another process deletes meanwhile says that it did not exist', async () => {
    const { mine, other, grants } = await setUp();
    const [grant] = grants as [GrantRecord];
    const deleteIn = (engine: ByteStore) =>
      new SyncStore(engine).deleteGrant(syncId, grant.externalId);
    const theirs = once(() => deleteIn(other));
    expect(await deleteIn(interrupted(mine, theirs))).toBe(false);
    expect(await theirs()).toBe(true);
    await expectExact(mine);
  });

  it('that counts a sync counts it again if another process writes to it meanwhile', async () => {
    const { mine, other, grants } = await setUp();
    const [grant] = grants as [GrantRecord];
    const added = { ...granted(grant, 'theirs', 1), externalId: 'added' };
    const engine = interrupted(
      mine,
      once(() => new SyncStore(other).put(syncId, added)),
    );
    await new SyncStore(engine).recountSync(syncId);
    await expectExact(mine);
  });

  it('is one of many that start a sync of the same id: only one succeeds', async () => {
    const cluster = new MemoryCluster();
    const stores = await Promise.all(Array.from({ length: 5 }, () => open(cluster, 's')));
    const starts = await Promise.allSettled(
      stores.map((store) => new SyncStore(store).startSync({ syncId })),
    );
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('that expands a sync keeps what another process writes meanwhile, and derives from it', async () => {
    const { mine, other, grants } = await setUp();
    // One that the expansion gives sources.
    const { mine: example } = await setUp();
    const report = await expandSync(example, syncId);
    expect(report.updated).toBeGreaterThan(0);
    const held = await Promise.all(
      grants.map(({ externalId }) => new SyncStore(example).getGrant(syncId, externalId)),
    );
    const updated = held.find((grant) => Object.keys(grant?.sources ?? {}).length > 0);
    const changed = granted(updated as GrantRecord, 'theirs', 1);
    const theirs = new SyncStore(other);
    const engine = interrupted(
      mine,
      once(() => theirs.put(syncId, changed)),
    );
    await expandSync(engine, syncId);
    await expectExact(mine);
    const kept = await theirs.getGrant(syncId, changed.externalId);
    expect([secondOf(kept), kept?.principal?.resourceId]).toEqual([1, 'theirs']);
    const expanded = (await digestSync(mine, syncId)).digest;
    await expandSync(mine, syncId);
    expect((await digestSync(mine, syncId)).digest).toBe(expanded);
  });

  it('that expands a sync which another process expands meanwhile derives nothing twice', async () => {
    const { mine, other } = await setUp();
    const engine = interrupted(
      mine,
      once(() => expandSync(other, syncId)),
    );
    const { created } = await expandSync(engine, syncId);
    expect(created).toBe(0);
    await expectExact(mine);
  });

  it('that keeps the version it replaces keeps that of another process that was faster', async () => {
    const { mine, other } = await setUp();
    const sources = [new ModelEngine(), new ModelEngine()] as const;
    for (const [index, source] of sources.entries()) {
      await writeSyntheticSync(source, { ...SYNC, revision: index + 2 });
    }
    const replaceIn = (base: ByteStore, source: ModelEngine) =>
      compactKeeping({ base, source, syncIds: [syncId] });
    const engine = interrupted(
      mine,
      once(() => replaceIn(other, sources[0])),
    );
    await replaceIn(engine, sources[1]);
    const digestIn = async (store: ByteStore | ModelEngine, bucket: string, id = syncId) => {
      const { buckets } = await digestSync(store, id);
      return buckets.find((each) => each.bucket === bucket);
    };
    expect(await digestIn(mine, 'grant')).toEqual(await digestIn(sources[1], 'grant'));
    const kept = await new SyncStore(mine).count(replacedVersionId(syncId), 'grant');
    expect(kept).toBe(await new SyncStore(sources[0]).count(syncId, 'grant'));
    const names = async (engine: ByteStore | ModelEngine, id: string) => {
      const { records } = await new SyncStore(engine).listResources(id).page({ limit: 100 });
      return records.map(({ resourceId, displayName }) => [resourceId, displayName]);
    };
    expect(await names(mine, replacedVersionId(syncId))).toEqual(await names(sources[0], syncId));
  });

  it('that prunes asks again if another process finishes a sync meanwhile', async () => {
    const cluster = new MemoryCluster();
    const [mine, other] = [await open(cluster, 's'), await open(cluster, 's')];
    const finished = async (store: ByteStore, syncIndex: number) => {
      await writeSyntheticSync(store, { ...SYNC, syncIndex });
      return syntheticSync({ ...SYNC, syncIndex }).syncId;
    };
    const [first, second] = [await finished(mine, 0), await finished(mine, 1)];
    const asked: string[][] = [];
    const confirm = async ({ removed }: PrunePlan) => {
      asked.push(removed.map(({ syncId }) => syncId).sort());
      if (asked.length === 1) await finished(other, 2);
    };
    const { plan } = await pruneSyncs({ engine: mine, policy: {}, confirm });
    expect(asked).toEqual([[first], [first, second].sort()]);
    expect(plan.removed).toHaveLength(2);
    expect(await new SyncStore(other).count(first, 'grant')).toBe(0);
  });

  it('that removes an earlier version leaves what another process writes under its id meanwhile', async () => {
    const { mine, other } = await setUp();
    const sources = [new ModelEngine(), new ModelEngine()] as const;
    for (const [index, source] of sources.entries()) {
      await writeSyntheticSync(source, { ...SYNC, revision: index + 2 });
    }
    const sideIds = { [syncId]: NAMED };
    await compactKeeping({ base: mine, source: sources[0], syncIds: [syncId], sideIds });
    const engine = interrupted(
      mine,
      once(() => cloneSync({ engine: other, syncId, as: NAMED, into: other, replace: true })),
    );
    await compactKeeping({ base: engine, source: sources[1], syncIds: [syncId] });
    const grants = await new SyncStore(sources[0]).count(syncId, 'grant');
    expect(await new SyncStore(mine).count(NAMED, 'grant')).toBe(grants);
  });
});

/** Many processes put, delete and count the same few grants. */
async function writeAtRandom(stores: readonly ByteStore[], seed: number): Promise<void> {
  const grants = syncGrants();
  /** Those of the first half are only put if newer, those of the second half are put and deleted. */
  const ids = grants.slice(0, 8).map(({ externalId }) => externalId);
  const newest = new Map<string, number>();
  let second = 0;
  const run = async (engine: ByteStore, writer: number) => {
    const random = new Random(seed * WRITERS + writer);
    const store = new SyncStore(engine);
    for (let action = 0; action < ACTIONS; action += 1) {
      second += 1;
      const at = second;
      const place = random.between(0, 7);
      const grant = granted(grants[place] as GrantRecord, random.pick(['a', 'b', 'c']), at);
      if (place < 4) {
        newest.set(grant.externalId, Math.max(at, newest.get(grant.externalId) ?? 0));
        await store.putIfNewer(syncId, grant);
        const held = await store.getGrant(syncId, grant.externalId);
        expect(secondOf(held)).toBeGreaterThanOrEqual(at);
      } else if (random.chance(0.4)) {
        await store.deleteGrant(syncId, grant.externalId);
      } else if (random.chance(0.7)) {
        await store.put(syncId, grant);
      } else {
        const next = grants[4 + ((place + 1) % 4)] as GrantRecord;
        await store.putMany(syncId, [grant, granted(next, 'd', at)]);
      }
      if (random.chance(0.05)) await store.recountSync(syncId);
      if (random.chance(0.05)) await engine.flush();
    }
  };
  await Promise.all(stores.map(run));
  for (const store of stores) await expectExact(store);
  const [first] = stores as [ByteStore];
  for (const id of ids.slice(0, 4)) {
    const held = await new SyncStore(first).getGrant(syncId, id);
    expect(Math.max(0, secondOf(held))).toBe(newest.get(id) ?? 0);
  }
}

async function runSeeds(connections: readonly ClusterConnection[], seeds: number): Promise<void> {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + seeds; seed += 1) {
    const name = `writers/${randomUUID()}`;
    const stores = await Promise.all(
      Array.from({ length: WRITERS }, (_, at) =>
        open(connections[at % connections.length] as ClusterConnection, name),
      ),
    );
    await writeSync(stores[0] as ByteStore);
    try {
      await writeAtRandom(stores, seed);
    } catch (cause) {
      const message = `seed ${seed} failed (SSTITCH_CLUSTER_SEED=${seed} SSTITCH_CLUSTER_WRITER_SEEDS=1 repeats its choices)`;
      throw new Error(`${message}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
}

const WHAT =
  'keep indexes and statistics exact, and lose no newer record, whatever they put and delete at the same time';

describe('many processes on one sync', () => {
  it(WHAT, () => runSeeds([new MemoryCluster()], SEEDS));
});

describe.skipIf(missingPostgres !== undefined)(
  'many connections to PostgreSQL, on one sync',
  () => {
    it(WHAT, async () => {
      const server: PostgresServer = await startPostgres();
      opened.push(() => server.stop());
      const schema = `sstitch-${randomUUID()}`;
      const connections: ClusterConnection[] = [];
      for (let at = 0; at < 2; at += 1) {
        const connection = await openPostgres({ connectionString: server.url, schema });
        opened.push(() => connection.close());
        connections.push(connection);
      }
      await runSeeds(connections, 2);
    });
  },
);
