// Compares random writes of every kind, and reads between them, with a model that holds records in a map.
import type { ReadWriteEngine } from '@sstitch/contract';
import { INDEX_BUCKETS, parseSyncId } from '@sstitch/keys';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { openEngine, replaceSync } from '../../test/level-engine.js';
import { type Gap, LIST_CASES, modelPage } from '../../test/list-model.js';
import { anyRecord } from '../../test/random-records.js';
import { collect, SYNC } from '../../test/records.js';
import { SyncModel } from '../../test/sync-model.js';
import { type IndexBucket, indexEntries } from '../indexes/indexes.js';
import { countSync } from '../read/count-sync.js';
import { SyncCounter } from '../statistics/sync-counter.js';
import { verifyIndexes } from '../verify/verify-indexes.js';
import type { DiscoveredRecord } from './newer-record.js';
import { SyncStore } from './sync-store.js';

const NOW = new Date('2026-01-02T03:04:05Z');

let engine: ReadWriteEngine;
let store: SyncStore;

beforeEach(async () => {
  engine = await openEngine();
  store = new SyncStore(engine, { now: () => NOW });
});

type Step =
  | { readonly do: 'put' | 'putIfNewer' | 'replace'; readonly records: DiscoveredRecord[] }
  | { readonly do: 'put one' | 'put one if newer' | 'delete'; readonly record: DiscoveredRecord }
  | { readonly do: 'end' | 'recount' }
  | PageStep;

interface PageStep {
  readonly do: 'page';
  readonly list: number;
  readonly reverse: boolean;
  readonly limit: number;
  readonly move: 'first' | 'next' | 'previous';
}

const pageStep: fc.Arbitrary<PageStep> = fc.record({
  do: fc.constant('page' as const),
  list: fc.nat(LIST_CASES.length - 1),
  reverse: fc.boolean(),
  limit: fc.integer({ min: 1, max: 4 }),
  move: fc.constantFrom('first' as const, 'next' as const, 'previous' as const),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom('put' as const, 'putIfNewer' as const, 'replace' as const),
    records: fc.array(anyRecord, { minLength: 1, maxLength: 8 }),
  }),
  fc.record({
    do: fc.constantFrom('put one' as const, 'put one if newer' as const, 'delete' as const),
    record: anyRecord,
  }),
  fc.record({ do: fc.constantFrom('end' as const, 'recount' as const) }),
  { arbitrary: pageStep, weight: 4 },
);

/** The cursors of a page that was read, and their expected positions. */
type Held = Record<'next' | 'previous', { readonly cursor: string; readonly gap: Gap } | undefined>;

/** One sync, in the store and in the model. */
class TwoSyncs {
  readonly #model = new SyncModel();
  readonly #held = new Map<string, Held>();
  #hasEnded = false;

  async start(): Promise<void> {
    await replaceSync(engine, SYNC, []);
    this.#model.put([await store.startSync({ syncId: SYNC })]);
  }

  async take(one: Step): Promise<void> {
    switch (one.do) {
      case 'put':
        expect(await store.putMany(SYNC, one.records)).toBe(one.records.length);
        this.#model.put(one.records);
        break;
      case 'putIfNewer':
        await store.putManyIfNewer(SYNC, one.records);
        this.#model.putIfNewer(one.records);
        break;
      case 'replace': {
        const run = await store.getSyncRun(SYNC);
        if (run === undefined) throw new Error('no run');
        const counter = new SyncCounter();
        this.#model.replace([run, ...one.records]);
        for (const record of this.#model.records.values()) counter.add(record);
        const stats = this.#hasEnded ? [counter.toRecord(SYNC, NOW)] : [];
        await replaceSync(engine, SYNC, [...this.#model.records.values(), ...stats]);
        break;
      }
      case 'put one':
        await store.put(SYNC, one.record);
        this.#model.put([one.record]);
        break;
      case 'put one if newer':
        expect(await store.putIfNewer(SYNC, one.record)).toBe(
          this.#model.putIfNewer([one.record]) > 0,
        );
        break;
      case 'delete':
        expect(await deleteFrom(store, one.record)).toBe(this.#model.delete(one.record));
        break;
      case 'end':
        if (this.#hasEnded) break;
        this.#hasEnded = true;
        this.#model.put([(await store.endSync(SYNC)).run]);
        break;
      case 'recount':
        if (this.#hasEnded) await store.recountSync(SYNC);
        break;
      case 'page':
        await this.#page(one);
        break;
    }
  }

  /** Checks that both hold the same records and everything derived from them. */
  async compare(): Promise<void> {
    expect(await collect(verifyIndexes(engine, SYNC))).toEqual([]);
    const counted = await countSync(engine, SYNC, { writtenAt: NOW });
    const counter = new SyncCounter();
    for (const record of this.#model.records.values()) counter.add(record);
    expect(counted).toEqual(counter.toRecord(SYNC, NOW));
    expect(await store.getSyncStats(SYNC)).toEqual(this.#hasEnded ? counted : undefined);
    expect(await store.count(SYNC, 'resource_type')).toBe(Number(counted.resourceTypes));
    expect(await store.count(SYNC, 'resource')).toBe(Number(counted.resources));
    expect(await store.count(SYNC, 'entitlement')).toBe(Number(counted.entitlements));
    expect(await store.count(SYNC, 'grant')).toBe(Number(counted.grants));
    expect(await store.count(SYNC, 'asset')).toBe(Number(counted.assets));
    for (const list of LIST_CASES) {
      const { records } = modelPage(list, this.#model.records.values(), false, undefined, 1000);
      expect(await collect(list.list(store, { reverse: false }))).toEqual(records);
      expect(await list.list(store, { reverse: true }).count()).toBe(records.length);
    }
    const entries = [...this.#model.records.values()].flatMap((record) =>
      indexEntries(parseSyncId(SYNC), record),
    );
    for (const bucket of INDEX_BUCKETS as readonly IndexBucket[]) {
      const count = entries.filter((entry) => entry.bucket === bucket).length;
      expect(await store.count(SYNC, bucket)).toBe(count);
    }
  }

  async #page({ list, reverse, limit, move }: PageStep): Promise<void> {
    const one = LIST_CASES[list] as (typeof LIST_CASES)[number];
    const name = `${list} ${reverse}`;
    const from = move === 'first' ? undefined : this.#held.get(name)?.[move];
    const wanted = modelPage(one, this.#model.records.values(), reverse, from?.gap, limit);
    const page = await one
      .list(store, { reverse })
      .page({ limit, ...(from && { cursor: from.cursor }) });
    expect(page.records).toEqual(wanted.records);
    const held: Held = { next: undefined, previous: undefined };
    for (const side of ['next', 'previous'] as const) {
      const [cursor, gap] = [page[side], wanted[side]];
      expect(cursor === undefined).toBe(gap === undefined);
      if (cursor !== undefined && gap !== undefined) held[side] = { cursor, gap };
    }
    this.#held.set(name, held);
  }
}

function deleteFrom(from: SyncStore, record: DiscoveredRecord): Promise<boolean> {
  switch (record.$typeName) {
    case 'c1.storage.v3.ResourceTypeRecord':
      return from.deleteResourceType(SYNC, record.externalId);
    case 'c1.storage.v3.ResourceRecord':
      return from.deleteResource(SYNC, record);
    case 'c1.storage.v3.EntitlementRecord':
      return from.deleteEntitlement(SYNC, record.externalId);
    case 'c1.storage.v3.GrantRecord':
      return from.deleteGrant(SYNC, record.externalId);
    case 'c1.storage.v3.AssetRecord':
      return from.deleteAsset(SYNC, record.externalId);
  }
}

test('a store holds and lists the same records as a model, page by page, with exact counts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
      const both = new TwoSyncs();
      await both.start();
      for (const one of steps) await both.take(one);
      await both.compare();
    }),
    { numRuns: 60 },
  );
});
