import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createSyncId, formatSyncId } from '@sstitch/keys';
import { type SyncRunRecord, SyncRunRecordSchema, SyncType } from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anyRecords,
  codeOf,
  contentsOf,
  contentsWithout,
  OTHER,
  SYNC,
  THIRD,
  writeSync,
} from '../../test/small-syncs.js';
import { cloneSync } from '../copy/clone-sync.js';
import { compactKeeping } from '../versions/compact-keeping.js';
import { replacedVersionId } from '../versions/replaced-version.js';
import { type PrunePlan, type PrunePolicy, planPrune } from './plan-prune.js';
import { pruneSyncs, readPrunePlan } from './prune-syncs.js';

const NOW = new Date('2026-03-01T00:00:00Z');
const DAY_MS = 24 * 60 * 60 * 1000;

const anyRuns = fc
  .uniqueArray(
    fc.record({
      number: fc.nat(20),
      type: fc.constantFrom(SyncType.FULL, SyncType.PARTIAL, SyncType.RESOURCES_ONLY),
      ageDays: fc.option(fc.nat(10), { nil: undefined }),
    }),
    { selector: ({ number }) => number, maxLength: 12 },
  )
  .map((runs) =>
    runs.map(({ number, type, ageDays }) => {
      const syncId = formatSyncId(createSyncId(NOW, new Uint8Array(16).fill(number)));
      const endedAt = ageDays === undefined ? undefined : NOW.getTime() - ageDays * DAY_MS;
      return create(SyncRunRecordSchema, {
        ...{ syncId, type },
        ...(endedAt !== undefined && { endedAt: timestampFromMs(endedAt) }),
      });
    }),
  );
const anyPolicy: fc.Arbitrary<PrunePolicy> = fc.record({
  keepNewest: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  keepYoungerThanMs: fc.option(
    fc.nat(10).map((days) => days * DAY_MS),
    { nil: undefined },
  ),
});

describe('planPrune', () => {
  test('keeps the newest of each type, the young, the unfinished, and no others', () => {
    fc.assert(
      fc.property(anyRuns, anyPolicy, (runs, policy) => {
        const plan = planPrune(runs, policy, NOW);
        const removed = new Set(plan.removed.map(({ syncId }) => syncId));
        const kept = new Set(plan.kept.map(({ syncId }) => syncId));
        expect(removed.size + kept.size).toBe(runs.length);
        for (const run of runs) {
          const endMs = endOf(run);
          const newer = runs.filter((other) => {
            if (other.type !== run.type || endOf(other) === undefined) return false;
            const later = (endOf(other) ?? 0) - (endMs ?? 0);
            return later > 0 || (later === 0 && other.syncId < run.syncId);
          });
          const stays =
            endMs === undefined ||
            newer.length < (policy.keepNewest ?? 1) ||
            (policy.keepYoungerThanMs !== undefined &&
              NOW.getTime() - endMs <= policy.keepYoungerThanMs);
          expect(kept.has(run.syncId)).toBe(stays);
        }
      }),
    );
  });

  test.each<object>([
    { keepNewest: 0 },
    { keepNewest: 1.5 },
    { keepYoungerThanMs: -1 },
    { keepSyncIds: [SYNC, SYNC.slice(1)] },
    { keepSyncIds: [SYNC, undefined] },
    { keepSyncIds: SYNC },
  ])('refuses %o', (policy) => {
    expect(() => planPrune([], policy, NOW)).toThrow(
      expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }),
    );
  });

  test('refuses an invalid time, by which no sync would be young', () => {
    const plan = () => planPrune([], { keepYoungerThanMs: DAY_MS }, new Date(Number.NaN));
    expect(plan).toThrow(expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }));
  });
});

describe('pruneSyncs', () => {
  test('removes the planned syncs in one commit, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, anyRecords, async (first, second) => {
        const engine = new ModelEngine();
        await writeSync(engine, SYNC, first, { startedAt: 1000 });
        await writeSync(engine, OTHER, second, { startedAt: 2000 });
        await writeSync(engine, THIRD, [], { startedAt: 10, isEnded: false });
        const before = await contentsOf(engine);
        const policy = {};
        const plan = await readPrunePlan({ engine, policy });
        expect(plan.removed.map(({ syncId }) => syncId)).toEqual([SYNC]);
        expect(await contentsOf(engine)).toEqual(before);
        const { commit } = await pruneSyncs({ engine, policy });
        expect(commit).toMatchObject({ entries: 0 });
        expect((await contentsOf(engine, SYNC)).size).toBe(0);
        const rest = new ModelEngine();
        await writeSync(rest, OTHER, second, { startedAt: 2000 });
        await writeSync(rest, THIRD, [], { startedAt: 10, isEnded: false });
        expect(await contentsOf(engine)).toEqual(await contentsOf(rest));
      }),
      { numRuns: 30 },
    );
  });

  test('asks before it removes, and removes nothing if it is refused', async () => {
    const engine = new ModelEngine();
    await writeSync(engine, SYNC, [], { startedAt: 1000 });
    await writeSync(engine, OTHER, [], { startedAt: 2000 });
    const before = await contentsOf(engine);
    const asked: string[][] = [];
    const refusal = new Error('no');
    const confirm = async ({ removed }: PrunePlan) => {
      asked.push(removed.map(({ syncId }) => syncId));
      if (asked.length === 1) throw refusal;
    };
    await expect(pruneSyncs({ engine, policy: {}, confirm })).rejects.toBe(refusal);
    expect(await contentsOf(engine)).toEqual(before);
    await pruneSyncs({ engine, policy: {}, confirm });
    expect(await contentsOf(engine)).toEqual(await contentsOf(engine, OTHER));
    // Nothing is left to remove.
    await pruneSyncs({ engine, policy: {}, confirm });
    expect(asked).toEqual([[SYNC], [SYNC]]);
  });

  test('keeps a replaced version as long as its sync, unless the policy removes it', async () => {
    const [engine, source] = [new ModelEngine(), new ModelEngine()];
    await writeSync(engine, SYNC, [], { startedAt: 1000 });
    await writeSync(source, SYNC, [], { startedAt: 3000 });
    await compactKeeping({ base: engine, source, syncIds: [SYNC] });
    const side = replacedVersionId(SYNC);
    const kept = await pruneSyncs({ engine, policy: {} });
    expect(kept).toMatchObject({
      plan: { removed: [], kept: [{ syncId: SYNC }, { syncId: side, reason: 'replaced_version' }] },
    });
    const removed = await pruneSyncs({ engine, policy: { removeReplaced: true } });
    expect(removed.plan.removed).toMatchObject([{ syncId: side }]);
    expect((await contentsOf(engine, side)).size).toBe(0);
    expect(await contentsWithout(engine, [])).toEqual(await contentsOf(engine, SYNC));
  });

  test('keeps a sync rather than its clone, whatever their ids', async () => {
    const startedAt = new Date('2026-01-02T03:04:05Z');
    const idAt = (time: Date, fill: number) =>
      formatSyncId(createSyncId(time, new Uint8Array(16).fill(fill)));
    const original = idAt(startedAt, 7);
    const clones = [
      idAt(NOW, 7),
      idAt(new Date(startedAt.getTime() - DAY_MS), 7),
      idAt(startedAt, 8),
    ];
    const engine = new ModelEngine();
    await writeSync(engine, original, [], { startedAt: startedAt.getTime() / 1000 });
    for (const as of clones) await cloneSync({ engine, into: engine, syncId: original, as });
    const { plan } = await pruneSyncs({ engine, policy: {} });
    expect(plan.kept).toMatchObject([{ syncId: original, reason: 'newest' }]);
  });

  test('ends when the signal fires', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const prune = () => pruneSyncs({ engine: new ModelEngine(), policy: {}, signal });
    expect(await codeOf(prune)).toBe('SSTITCH_ABORTED');
  });
});

function endOf({ endedAt }: SyncRunRecord): number | undefined {
  return endedAt && Number(endedAt.seconds) * 1000;
}
