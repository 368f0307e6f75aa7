import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { type SnapshotOptions, type Span, spansContain } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { syncSpans } from '@sstitch/keys';
import { GrantRecordSchema, SyncReader, type SyncRecord, SyncType } from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  anyRecords,
  codeOf,
  contentsOf,
  contentsWithout,
  type DiscoveredRecord,
  FOURTH,
  nameOf,
  OTHER,
  problemsOf,
  SYNC,
  THIRD,
  writeSync,
} from '../../test/small-syncs.js';
import { compactKeeping } from '../versions/compact-keeping.js';
import { replacedVersionId } from '../versions/replaced-version.js';
import { mergeSyncs } from './merge-syncs.js';

let directory: string;
let store: Store<Uint8Array, Uint8Array>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sstitch-merge-'));
  store = new Store(directory, { keyEncoding: 'view', valueEncoding: 'view' });
  await store.open();
  return async () => undefined;
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

interface Partial {
  readonly records: DiscoveredRecord[];
  readonly type: SyncType;
}

const anyPartial: fc.Arbitrary<Partial> = fc.record({
  records: anyRecords,
  type: fc.constantFrom(
    SyncType.PARTIAL,
    SyncType.PARTIAL_UPSERTS,
    SyncType.PARTIAL_DELETIONS,
    SyncType.FULL,
  ),
});
const PARTIAL_IDS = [OTHER, THIRD];

/** The model: of each id the record discovered last, of equal times that of the later sync; deletions are records. */
function modelOf(base: readonly DiscoveredRecord[], partials: readonly Partial[]): SyncRecord[] {
  const merged = new Map<string, { record: DiscoveredRecord; time: bigint; isDeletion: boolean }>();
  const all = [{ records: base, type: SyncType.FULL }, ...partials];
  for (const [at, { records, type }] of all.entries()) {
    const isDeletion = type === SyncType.PARTIAL_DELETIONS;
    for (const record of records) {
      const time = nanosOf(record.discoveredAt) ?? (isDeletion ? endOf(at) : -1n);
      const held = merged.get(nameOf(record));
      if (held === undefined || time >= held.time) {
        merged.set(nameOf(record), { record, time, isDeletion });
      }
    }
  }
  return [...merged.values()]
    .filter(({ isDeletion }) => !isDeletion)
    .map(({ record }) => record as SyncRecord);
}

function nanosOf(time: Timestamp | undefined): bigint | undefined {
  return time && time.seconds * 1_000_000_000n + BigInt(time.nanos);
}

/** When `writeSync` ends the sync of a source. */
function endOf(at: number): bigint {
  return BigInt(1000 * (at + 1) + 60) * 1_000_000_000n;
}

async function expectMerged(
  base: readonly DiscoveredRecord[],
  partials: readonly Partial[],
): Promise<void> {
  const engine = new ModelEngine();
  await writeSync(engine, SYNC, base);
  for (const [at, { records, type }] of partials.entries()) {
    const startedAt = 1000 * (at + 2);
    await writeSync(engine, PARTIAL_IDS[at] ?? '', records, { type, startedAt });
  }
  const before = await contentsOf(engine);
  const others = await contentsWithout(store, [FOURTH]);
  let read = 0;
  const { loaded, sources } = await mergeSyncs({
    base: { engine, syncId: SYNC },
    partials: partials.map((_, at) => ({ engine, syncId: PARTIAL_IDS[at] ?? '' })),
    into: store,
    as: FOURTH,
    replace: true,
    onProgress: (progress) => {
      read = progress.records;
    },
  });
  expect(read).toBe(partials.reduce((sum, { records }) => sum + records.length, base.length));
  const expected = new ModelEngine();
  const records = modelOf(base, partials);
  await writeSync(expected, FOURTH, records);
  // The run and the statistics have times of their own.
  expect(recordsIn(await contentsOf(store, FOURTH))).toEqual(
    recordsIn(await contentsOf(expected, FOURTH)),
  );
  expect(await problemsOf(store, FOURTH)).toEqual([]);
  expect(sources.reduce((sum, { taken }) => sum + taken, 0)).toBe(records.length);
  expect(loaded.entries).toBe((await contentsOf(store, FOURTH)).size);
  expect(await contentsOf(engine)).toEqual(before);
  expect(await contentsWithout(store, [FOURTH])).toEqual(others);
}

function recordsIn(contents: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...contents].filter(([key]) => !/^03(06|ff)/.test(key)));
}

describe('mergeSyncs', () => {
  test('takes what was discovered last, and applies deletions, as the model does', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRecords,
        fc.array(anyPartial, { minLength: 1, maxLength: 2 }),
        expectMerged,
      ),
      { numRuns: 40 },
    );
  });

  test('makes a run of the widest type that ends with the last of them', async () => {
    const engine = new ModelEngine();
    await writeSync(engine, SYNC, [], { type: SyncType.RESOURCES_ONLY, startedAt: 100 });
    await writeSync(engine, OTHER, [], {
      type: SyncType.PARTIAL,
      startedAt: 500,
      parentSyncId: SYNC,
    });
    await mergeSyncs({
      base: { engine, syncId: SYNC },
      partials: [{ engine, syncId: OTHER }],
      ...{ into: store, as: FOURTH, replace: true },
    });
    expect(await new SyncReader(store).getSyncRun(FOURTH)).toMatchObject({
      ...{ syncId: FOURTH, type: SyncType.RESOURCES_ONLY, compacted: true },
      ...{ parentSyncId: '', syncToken: '' },
      ...{ startedAt: { seconds: 100n }, endedAt: { seconds: 560n } },
    });
  });

  test('merges a kept version as the sync that it is a version of', async () => {
    const [engine, source] = [new ModelEngine(), new ModelEngine()];
    const grant = create(GrantRecordSchema, { externalId: 'g' });
    await writeSync(engine, SYNC, [grant], { startedAt: 100 });
    await writeSync(engine, OTHER, [grant], { type: SyncType.PARTIAL_DELETIONS, startedAt: 500 });
    for (const syncId of [SYNC, OTHER]) await writeSync(source, syncId, [], { startedAt: 900 });
    await compactKeeping({ base: engine, source, syncIds: [SYNC, OTHER] });
    const [base, deletions] = [SYNC, OTHER].map(replacedVersionId) as [string, string];
    const { sources } = await mergeSyncs({
      base: { engine, syncId: base },
      partials: [{ engine, syncId: deletions }],
      ...{ into: store, as: FOURTH, replace: true },
    });
    expect(sources).toMatchObject([{ taken: 0, deleted: 1 }, { taken: 0 }]);
    expect(await new SyncReader(store).getSyncRun(FOURTH)).toMatchObject({ type: SyncType.FULL });
  });

  test('refuses what it cannot merge, and leaves the store unchanged', async () => {
    const engine = new ModelEngine();
    await writeSync(engine, SYNC, [], { type: SyncType.PARTIAL_DELETIONS });
    await writeSync(engine, OTHER, []);
    const before = await contentsOf(store);
    const merge = (base: string, partial: string, more: object) => () =>
      mergeSyncs({
        base: { engine, syncId: base },
        partials: [{ engine, syncId: partial }],
        ...{ into: store, as: FOURTH, replace: true, ...more },
      });
    expect(await codeOf(merge(SYNC, OTHER, {}))).toBe('SSTITCH_OPTION_INVALID');
    expect(await codeOf(merge(OTHER, THIRD, {}))).toBe('SSTITCH_SYNC_NOT_FOUND');
    expect(await codeOf(merge(OTHER, SYNC, { as: 'x' }))).toBe('SSTITCH_SYNC_ID_INVALID');
    expect(await codeOf(merge(OTHER, SYNC, { replace: false }))).toBe('SSTITCH_SYNC_EXISTS');
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await codeOf(merge(OTHER, SYNC, { signal }))).toBe('SSTITCH_ABORTED');
    expect(await contentsOf(store)).toEqual(before);
  });

  test('that must find its id free begins again if another process writes under it before its commit', async () => {
    const engine = new ModelEngine();
    for (const syncId of [SYNC, OTHER]) await writeSync(engine, syncId, []);
    const into = new Store<Uint8Array, Uint8Array>(join(directory, 'shared'), {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    await into.open();
    try {
      const watched: Array<readonly Span[]> = [];
      const shared = new Proxy(into, {
        get: (_, name) => {
          if (name === 'capabilities') return { ...into.capabilities, conditions: true };
          if (name === 'snapshot') {
            return ({ watch = [] }: SnapshotOptions = {}) => {
              watched.push(watch);
              return into.snapshot();
            };
          }
          if (name === 'ingestAndExcise') {
            return async (_tables: unknown, options: object) => {
              expect(options).toHaveProperty('ifUnchanged');
              await writeSync(into, FOURTH, []);
              throw Object.assign(new Error('conflict'), { code: 'SSTITCH_COMMIT_CONFLICT' });
            };
          }
          const value: unknown = Reflect.get(into, name, into);
          return typeof value === 'function' ? value.bind(into) : value;
        },
      });
      const merging = mergeSyncs({
        base: { engine, syncId: SYNC },
        partials: [{ engine, syncId: OTHER }],
        ...{ into: shared, as: FOURTH },
      });
      await expect(merging).rejects.toMatchObject({ code: 'SSTITCH_SYNC_EXISTS' });
      const isWatched = ({ span }: { readonly span: Span }) =>
        spansContain(watched[0] ?? [], span.start);
      expect(syncSpans(FOURTH).every(isWatched)).toBe(true);
    } finally {
      await into.close();
    }
  });
});
