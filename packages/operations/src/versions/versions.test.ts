import { create } from '@bufbuild/protobuf';
import { byteEncodings } from '@sstitch/contract';
import {
  GrantRecordSchema,
  replacedVersionOf,
  SyncReader,
  SyncStore,
  SyncType,
} from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anyRecords,
  codeOf,
  contentsOf,
  contentsWithout,
  FOURTH,
  OTHER,
  problemsOf,
  SYNC,
  THIRD,
  writeSync,
} from '../../test/small-syncs.js';
import { cloneSync } from '../copy/clone-sync.js';
import { renameSync } from '../copy/rename-sync.js';
import type { OperationProgress } from '../progress.js';
import { readPrunePlan } from '../prune/prune-syncs.js';
import { compactKeeping, readKeepingPlan } from './compact-keeping.js';
import { replacedVersionId } from './replaced-version.js';
import { listReplacedVersions, rollbackSync } from './rollback-sync.js';

const SIDE = replacedVersionId(SYNC);
const KEPT_AT = new Date('2026-01-02T03:04:05.678Z');

let changes = 0;

/** Makes the sync of an engine a version that it has not been before. */
async function change(engine: ModelEngine, syncId = SYNC): Promise<void> {
  changes += 1;
  const externalId = `change-${changes}`;
  await new SyncStore(engine).put(syncId, create(GrantRecordSchema, { syncId, externalId }));
}

/** A base of two syncs, and a source with a newer version of one. */
async function baseAndSource(
  old: Parameters<typeof writeSync>[2],
  present: Parameters<typeof writeSync>[2],
  isEnded = true,
): Promise<{ base: ModelEngine; source: ModelEngine }> {
  const [base, source] = [new ModelEngine(), new ModelEngine()];
  await writeSync(base, SYNC, old, { isEnded });
  await writeSync(base, OTHER, []);
  await writeSync(source, SYNC, present, { startedAt: 5000 });
  return { base, source };
}

describe('a replaced version', () => {
  test('is restored byte for byte, and replaced again, each in one commit', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, anyRecords, fc.boolean(), async (old, present, isEnded) => {
        const { base, source } = await baseAndSource(old, present, isEnded);
        const before = await contentsOf(base);
        const syncIds = [SYNC];
        const planned = await readKeepingPlan({ base, source, syncIds });
        expect(await contentsOf(base)).toEqual(before);
        const { kept } = await compactKeeping({ base, source, syncIds, now: KEPT_AT });
        expect(kept).toEqual([{ syncId: SYNC, sideId: SIDE, isUnchanged: false }]);
        expect(planned).toEqual(kept);
        const after = await contentsOf(base);
        expect(await contentsOf(base, SYNC)).toEqual(await contentsOf(source, SYNC));
        expect(await problemsOf(base, SIDE)).toEqual([]);
        const rolledBack = await rollbackSync({ engine: base, syncId: SYNC, now: KEPT_AT });
        expect(rolledBack.isKept).toBe(true);
        expect(rolledBack.version).toMatchObject({ sideId: SIDE, syncId: SYNC, keptAt: KEPT_AT });
        expect(await contentsWithout(base, [SIDE])).toEqual(before);
        expect(await problemsOf(base, SIDE)).toEqual([]);
        await rollbackSync({ engine: base, syncId: SYNC, now: KEPT_AT });
        expect(await contentsOf(base)).toEqual(after);
      }),
      { numRuns: 40 },
    );
  });

  test.each([Number.NaN, -1, 8.64e15])(
    'is not kept at the time %s, which its run cannot hold',
    async (ms) => {
      const { base, source } = await baseAndSource([], []);
      await change(source);
      const before = await contentsOf(base);
      const now = new Date(ms);
      const keep = () => compactKeeping({ base, source, syncIds: [SYNC], now });
      expect(await codeOf(keep)).toBe('SSTITCH_OPTION_INVALID');
      expect(await contentsOf(base)).toEqual(before);
    },
  );

  test('reports the records of the old and of the new version as they are read', async () => {
    const { base, source } = await baseAndSource([], []);
    for (const engine of [base, base, base, source, source]) await change(engine);
    const events: OperationProgress[] = [];
    const held = (await contentsOf(base, SYNC)).size + (await contentsOf(source, SYNC)).size;
    await compactKeeping({
      ...{ base, source, syncIds: [SYNC] },
      onProgress: (progress) => events.push(progress),
    });
    expect(events.at(-1)?.records).toBe(3 + 2);
    // The run and the statistics of the kept version are not copied.
    expect(events.at(-1)?.keys).toBe(held - 2);
  });

  test('is compared with the new version, up to the first difference', async () => {
    const { base, source } = await baseAndSource([], []);
    await writeSync(source, OTHER, []);
    const compared: string[] = [];
    await compactKeeping({
      ...{ base, source, syncIds: [OTHER] },
      onComparison: ({ syncId, keys }) => compared.push(`${syncId} ${keys}`),
    });
    expect(compared).toEqual([`${OTHER} 0`]);
  });

  test('is counted in the progress of renaming its sync', async () => {
    const { base, source } = await baseAndSource([], []);
    for (const engine of [base, base, source]) await change(engine);
    await compactKeeping({ base, source, syncIds: [SYNC] });
    let last: OperationProgress | undefined;
    await renameSync({
      ...{ engine: base, syncId: SYNC, as: THIRD },
      onProgress: (progress) => {
        last = progress;
      },
    });
    expect(last?.records).toBe(1 + 2);
  });

  test('is in no list of full or partial syncs, and is not resumed', async () => {
    const { base, source } = await baseAndSource([], [], false);
    await compactKeeping({ base, source, syncIds: [SYNC], now: KEPT_AT });
    const reader = new SyncReader(base);
    const run = await reader.getSyncRun(SIDE);
    expect(run).toMatchObject({ type: SyncType.UNSPECIFIED, linkedSyncId: SYNC });
    expect(run && replacedVersionOf(run)?.run).toMatchObject({ syncId: SYNC, type: SyncType.FULL });
    expect((await reader.latestFinishedSync())?.syncId).toBe(SYNC);
    expect(await reader.latestUnfinishedSync()).toBeUndefined();
  });

  test('does not replace anything but a version of the same sync', async () => {
    const { base, source } = await baseAndSource([], []);
    await writeSync(source, OTHER, [], { startedAt: 5000 });
    // A sync without a run.
    await new SyncStore(base).putMany(THIRD, [
      create(GrantRecordSchema, { syncId: THIRD, externalId: 'grant' }),
    ]);
    const before = await contentsOf(base);
    for (const run of [compactKeeping, readKeepingPlan]) {
      const keep = (sideIds: Record<string, string>) => () =>
        run({ base, source, syncIds: [SYNC, OTHER], sideIds });
      expect(await codeOf(keep({ [SYNC]: THIRD }))).toBe('SSTITCH_SYNC_EXISTS');
      const both = { [SYNC]: FOURTH, [OTHER]: FOURTH };
      expect(await codeOf(keep(both))).toBe('SSTITCH_OPTION_INVALID');
    }
    expect(await contentsOf(base)).toEqual(before);
  });

  test.each(['____', 'CgU'])('is not identified by a token without a run: %s', async (run) => {
    const { base } = await baseAndSource([], []);
    const syncToken = `sstitch-replaced-version:1:0:${run}`;
    await new SyncStore(base).startSync({ syncId: THIRD, linkedSyncId: SYNC, syncToken });
    expect(await listReplacedVersions({ engine: base, syncId: SYNC })).toEqual([]);
    const { kept } = await readPrunePlan({ engine: base, policy: {} });
    expect(kept.map(({ syncId }) => syncId)).toContain(THIRD);
  });

  test('stays if it is renamed, when another version is kept', async () => {
    const { base, source } = await baseAndSource([], []);
    const keep = async () => {
      await change(source);
      await compactKeeping({ base, source, syncIds: [SYNC], now: KEPT_AT });
    };
    const old = await new SyncReader(base).getSyncRun(SYNC);
    await keep();
    await renameSync({ engine: base, syncId: SIDE, as: THIRD });
    expect(await new SyncReader(base).getSyncRun(THIRD)).toEqual({ ...old, syncId: THIRD });
    const renamed = await contentsOf(base, THIRD);
    await keep();
    expect(await contentsOf(base, THIRD)).toEqual(renamed);
  });

  test('stays one in another engine into which it is cloned under its own id', async () => {
    const { base, source } = await baseAndSource([], []);
    await compactKeeping({ base, source, syncIds: [SYNC], now: KEPT_AT });
    const backup = new ModelEngine();
    for (const syncId of [SYNC, OTHER, SIDE]) {
      await cloneSync({ engine: base, syncId, as: syncId, into: backup });
    }
    expect(await contentsOf(backup)).toEqual(await contentsOf(base));
    const [kept] = await listReplacedVersions({ engine: backup, syncId: SYNC });
    expect(kept).toMatchObject({ sideId: SIDE, keptAt: KEPT_AT });
  });

  test('stays if it is cloned, when another version is kept', async () => {
    const { base, source } = await baseAndSource([], []);
    const keep = async () => {
      await change(source);
      await compactKeeping({ base, source, syncIds: [SYNC], now: KEPT_AT });
    };
    const old = await new SyncReader(base).getSyncRun(SYNC);
    await keep();
    await cloneSync({ engine: base, syncId: SIDE, as: THIRD, into: base });
    expect(await new SyncReader(base).getSyncRun(THIRD)).toEqual({ ...old, syncId: THIRD });
    const clone = await contentsOf(base, THIRD);
    await keep();
    expect(await contentsOf(base, THIRD)).toEqual(clone);
  });

  test('is an ordinary sync when it is cloned, also if what was replaced was kept before', async () => {
    const { base, source } = await baseAndSource([], []);
    const old = await new SyncReader(base).getSyncRun(SYNC);
    await compactKeeping({ base, source, syncIds: [SYNC] });
    await writeSync(source, SIDE, []);
    await compactKeeping({ base, source, syncIds: [SIDE], sideIds: { [SIDE]: THIRD } });
    expect(await listReplacedVersions({ engine: base, syncId: SIDE })).toHaveLength(1);
    await cloneSync({ engine: base, syncId: THIRD, as: FOURTH, into: base });
    expect(await new SyncReader(base).getSyncRun(FOURTH)).toEqual({ ...old, syncId: FOURTH });
  });

  test('is the only one, unless side ids are given', async () => {
    const { base, source } = await baseAndSource([], []);
    const compact = async (sideIds?: Record<string, string>, now = KEPT_AT) => {
      await change(source);
      await compactKeeping({ base, source, syncIds: [SYNC], sideIds, now });
    };
    const sides = async () =>
      (await listReplacedVersions({ engine: base, syncId: SYNC })).map(({ sideId }) => sideId);
    await compact({ [SYNC]: THIRD });
    const later = new Date(KEPT_AT.getTime() + 1);
    await compact({ [SYNC]: SIDE }, later);
    expect(await sides()).toEqual([SIDE, THIRD]);
    await rollbackSync({ engine: base, syncId: SYNC, sideId: THIRD });
    expect(await sides()).toEqual([THIRD, SIDE]);
    await compact();
    expect(await sides()).toEqual([SIDE]);
  });

  test('is replaced by a sync of the source that has its side id', async () => {
    const { base, source } = await baseAndSource([], []);
    await compactKeeping({ base, source, syncIds: [SYNC], sideIds: { [SYNC]: THIRD } });
    await change(source);
    await writeSync(source, THIRD, []);
    await compactKeeping({ base, source, syncIds: [SYNC, THIRD] });
    for (const syncId of [SYNC, THIRD]) {
      expect(await contentsOf(base, syncId)).toEqual(await contentsOf(source, syncId));
    }
  });

  test('stays if the base holds the same version already', async () => {
    const { base, source } = await baseAndSource([], []);
    const before = await contentsOf(base);
    await compactKeeping({ base, source, syncIds: [SYNC], now: KEPT_AT });
    const after = await contentsOf(base);
    const again = await compactKeeping({ base, source, syncIds: [SYNC] });
    expect(again).toMatchObject({
      ...{ entries: 0, kept: [{ syncId: SYNC, sideId: undefined, isUnchanged: true }] },
    });
    expect(await contentsOf(base)).toEqual(after);
    await rollbackSync({ engine: base, syncId: SYNC });
    expect(await contentsWithout(base, [SIDE])).toEqual(before);
  });

  test('is restored rather than a sync whose run claims that it was kept later', async () => {
    const { base, source } = await baseAndSource([], []);
    const before = await contentsOf(base);
    const forge = (syncId: string) =>
      new SyncStore(base).startSync({
        ...{ syncId, linkedSyncId: SYNC },
        syncToken: 'sstitch-replaced-version:1:99999999999999:',
      });
    await forge(THIRD);
    await expect(rollbackSync({ engine: base, syncId: SYNC })).rejects.toMatchObject({
      ...{ code: 'SSTITCH_VERSION_NOT_FOUND', message: expect.stringContaining(THIRD) },
    });
    await compactKeeping({ base, source, syncIds: [SYNC], now: KEPT_AT });
    await forge(THIRD);
    const { version } = await rollbackSync({ engine: base, syncId: SYNC });
    expect(version.sideId).toBe(SIDE);
    expect(await contentsWithout(base, [SIDE, THIRD])).toEqual(before);
  });

  test('outlives the sync, and restores it', async () => {
    const { base, source } = await baseAndSource([], []);
    const before = await contentsOf(base);
    await compactKeeping({ base, source, syncIds: [SYNC] });
    for (const key of (await contentsOf(base, SYNC)).keys()) {
      await base.batch([{ type: 'del', key: Buffer.from(key, 'hex') }], byteEncodings);
    }
    expect(await rollbackSync({ engine: base, syncId: SYNC })).toMatchObject({ isKept: false });
    expect(await contentsOf(base)).toEqual(before);
    expect(await codeOf(() => rollbackSync({ engine: base, syncId: SYNC }))).toBe(
      'SSTITCH_VERSION_NOT_FOUND',
    );
  });

  test('follows a sync that is renamed', async () => {
    const { base, source } = await baseAndSource(
      [create(GrantRecordSchema, { externalId: 'g' })],
      [],
    );
    const before = await contentsOf(base);
    await compactKeeping({ base, source, syncIds: [SYNC] });
    await renameSync({ engine: base, syncId: SYNC, as: THIRD });
    await rollbackSync({ engine: base, syncId: THIRD });
    await renameSync({ engine: base, syncId: THIRD, as: SYNC });
    expect(await contentsWithout(base, [SIDE])).toEqual(before);
  });

  test('moves with a renamed sync, and leaves its side id free', async () => {
    const { base, source } = await baseAndSource([], []);
    await compactKeeping({ base, source, syncIds: [SYNC], now: KEPT_AT });
    const kept = await contentsOf(base);
    await renameSync({ engine: base, syncId: SYNC, as: THIRD });
    await renameSync({ engine: base, syncId: THIRD, as: SYNC });
    expect(await contentsOf(base)).toEqual(kept);
    await renameSync({ engine: base, syncId: SYNC, as: THIRD });
    expect(await problemsOf(base, replacedVersionId(THIRD))).toEqual([]);
    await writeSync(base, SYNC, [], { startedAt: 7000 });
    const next = await contentsOf(base, SYNC);
    await compactKeeping({ base, source, syncIds: [SYNC], now: KEPT_AT });
    await rollbackSync({ engine: base, syncId: SYNC });
    expect(await contentsOf(base, SYNC)).toEqual(next);
    await rollbackSync({ engine: base, syncId: THIRD });
    const renamedOld = new ModelEngine();
    await writeSync(renamedOld, THIRD, []);
    expect(await contentsOf(base, THIRD)).toEqual(await contentsOf(renamedOld));
  });

  test('names a renamed sync by its new id when it is restored', async () => {
    const [base, source] = [new ModelEngine(), new ModelEngine()];
    await writeSync(base, SYNC, []);
    const partial = { type: SyncType.PARTIAL, parentSyncId: SYNC, linkedSyncId: SYNC };
    await writeSync(base, OTHER, [], partial);
    await writeSync(source, OTHER, [], { ...partial, startedAt: 5000 });
    const old = await new SyncReader(base).getSyncRun(OTHER);
    await compactKeeping({ base, source, syncIds: [OTHER], now: KEPT_AT });
    await renameSync({ engine: base, syncId: SYNC, as: THIRD });
    const [kept] = await listReplacedVersions({ engine: base, syncId: OTHER });
    expect(kept).toMatchObject({ keptAt: KEPT_AT });
    await rollbackSync({ engine: base, syncId: OTHER });
    const restored = { ...old, parentSyncId: THIRD, linkedSyncId: THIRD };
    expect(await new SyncReader(base).getSyncRun(OTHER)).toEqual(restored);
  });

  test('keeps its side id if that of the new id is taken', async () => {
    const { base, source } = await baseAndSource([], []);
    await compactKeeping({ base, source, syncIds: [SYNC], now: KEPT_AT });
    await writeSync(base, replacedVersionId(THIRD), []);
    const taken = await contentsOf(base, replacedVersionId(THIRD));
    await renameSync({ engine: base, syncId: SYNC, as: THIRD });
    expect(await listReplacedVersions({ engine: base, syncId: THIRD })).toMatchObject([
      { sideId: SIDE },
    ]);
    expect(await contentsOf(base, replacedVersionId(THIRD))).toEqual(taken);
  });

  test('does not exist for a sync that the base did not hold', async () => {
    const [base, source] = [new ModelEngine(), new ModelEngine()];
    await writeSync(source, SYNC, []);
    const { kept } = await compactKeeping({ base, source, syncIds: [SYNC] });
    expect(kept).toEqual([{ syncId: SYNC, sideId: undefined, isUnchanged: false }]);
    expect(await contentsOf(base)).toEqual(await contentsOf(source));
  });
});

describe('what cannot be kept', () => {
  test('leaves the base unchanged', async () => {
    const { base, source } = await baseAndSource([], []);
    const before = await contentsOf(base);
    const compact = (options: object) => () =>
      compactKeeping({ base, source, syncIds: [SYNC], ...options });
    expect(await codeOf(compact({ syncIds: [SYNC, OTHER] }))).toBe('SSTITCH_SYNC_NOT_FOUND');
    expect(await codeOf(compact({ syncIds: [SYNC, SYNC] }))).toBe('SSTITCH_OPTION_INVALID');
    expect(await codeOf(compact({ sideIds: { [SYNC]: SYNC } }))).toBe('SSTITCH_OPTION_INVALID');
    expect(await codeOf(compact({ sideIds: { [SYNC]: OTHER } }))).toBe('SSTITCH_SYNC_EXISTS');
    expect(await codeOf(compact({ sideIds: { [SYNC]: 'x' } }))).toBe('SSTITCH_SYNC_ID_INVALID');
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await codeOf(compact({ signal }))).toBe('SSTITCH_ABORTED');
    expect(await codeOf(() => rollbackSync({ engine: base, syncId: SYNC }))).toBe(
      'SSTITCH_VERSION_NOT_FOUND',
    );
    expect(await contentsOf(base)).toEqual(before);
  });
});
