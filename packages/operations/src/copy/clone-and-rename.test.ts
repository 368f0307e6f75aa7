import { create } from '@bufbuild/protobuf';
import { GrantRecordSchema, SyncReader, SyncType } from '@sstitch/records';
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
import { cloneSync } from './clone-sync.js';
import { renameSync } from './rename-sync.js';

/** Returns the contents of a sync of these records that a connector wrote under an id. */
async function writtenAs(
  syncId: string,
  ...rest: Parameters<typeof writeSync> extends [unknown, unknown, ...infer Rest] ? Rest : never
): Promise<Map<string, string>> {
  const engine = new ModelEngine();
  await writeSync(engine, syncId, ...rest);
  return contentsOf(engine, syncId);
}

/** Counts commits. */
function counting(engine: ModelEngine): { commits: number } {
  const counted = { commits: 0 };
  const { replaceSpans } = engine;
  engine.replaceSpans = (...parameters) => {
    counted.commits += 1;
    return replaceSpans.apply(engine, parameters);
  };
  return counted;
}

describe('cloneSync', () => {
  test('makes the sync that a connector would have written under the id, in one commit', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRecords,
        anyRecords,
        fc.boolean(),
        fc.constantFrom(THIRD, FOURTH),
        async (records, others, isEnded, as) => {
          const engine = new ModelEngine();
          await writeSync(engine, SYNC, records, { isEnded });
          await writeSync(engine, OTHER, others);
          const before = await contentsOf(engine);
          const counted = counting(engine);
          const { entries } = await cloneSync({ engine, into: engine, syncId: SYNC, as });
          expect(counted.commits).toBe(1);
          const expected = await writtenAs(as, records, { isEnded });
          expect(await contentsOf(engine, as)).toEqual(expected);
          expect(entries).toBe(expected.size);
          expect(await contentsWithout(engine, [as])).toEqual(before);
          expect(await problemsOf(engine, as)).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('writes to another engine, and replaces a sync there only if it may', async () => {
    const [engine, into] = [new ModelEngine(), new ModelEngine()];
    await writeSync(engine, SYNC, []);
    await writeSync(into, SYNC, []);
    const options = { engine, into, syncId: SYNC, as: SYNC };
    expect(await codeOf(() => cloneSync(options))).toBe('SSTITCH_SYNC_EXISTS');
    await cloneSync({ ...options, replace: true });
    expect(await contentsOf(into)).toEqual(await contentsOf(engine));
  });

  test('refuses a missing sync, its own id, and an invalid id', async () => {
    const engine = new ModelEngine();
    const clone = (syncId: string, as: string) => () =>
      cloneSync({ engine, into: engine, syncId, as });
    expect(await codeOf(clone(SYNC, OTHER))).toBe('SSTITCH_SYNC_NOT_FOUND');
    expect(await codeOf(clone(SYNC, SYNC))).toBe('SSTITCH_OPTION_INVALID');
    expect(await codeOf(clone(SYNC, 'x'))).toBe('SSTITCH_SYNC_ID_INVALID');
  });

  test('leaves the engine unchanged if the signal fires or the listener throws', async () => {
    const engine = new ModelEngine();
    await writeSync(engine, SYNC, []);
    const before = await contentsOf(engine);
    const reason = new Error('enough');
    const options = { engine, into: engine, syncId: SYNC, as: OTHER };
    await expect(
      cloneSync({ ...options, signal: AbortSignal.abort(reason) }),
    ).rejects.toMatchObject({ name: 'AbortError', cause: reason });
    const onProgress = () => {
      throw reason;
    };
    const grant = create(GrantRecordSchema, { externalId: 'g' });
    await writeSync(engine, THIRD, [grant]);
    await expect(cloneSync({ ...options, syncId: THIRD, onProgress })).rejects.toBe(reason);
    expect(await contentsWithout(engine, [THIRD])).toEqual(before);
  });
});

test('an aborted operation leaves the engine unchanged, and keeps the reason', async () => {
  const engine = new ModelEngine();
  await writeSync(engine, SYNC, [create(GrantRecordSchema, { externalId: 'g' })]);
  const before = await contentsOf(engine);
  const reason = new Error('enough');
  for (const operate of [cloneSync, renameSync]) {
    const aborting = new AbortController();
    const work = operate({
      ...{ engine, into: engine, syncId: SYNC, as: OTHER, signal: aborting.signal },
      onProgress: () => aborting.abort(reason),
    });
    await expect(work).rejects.toMatchObject({
      ...{ name: 'AbortError', code: 'SSTITCH_ABORTED', cause: reason },
    });
    expect(await contentsOf(engine)).toEqual(before);
  }
});

test('a failure of a commit is not taken for the abort that came at the same time', async () => {
  const engine = new ModelEngine();
  await writeSync(engine, SYNC, []);
  const unknown = Object.assign(new Error('unknown'), { code: 'SSTITCH_COMMIT_UNKNOWN' });
  const aborting = new AbortController();
  engine.replaceSpans = async () => {
    aborting.abort(new Error('enough'));
    throw unknown;
  };
  const { signal } = aborting;
  const work = cloneSync({ engine, into: engine, syncId: SYNC, as: OTHER, signal });
  await expect(work).rejects.toBe(unknown);
});

describe('renameSync', () => {
  test('moves all of a sync to the new id, and leaves nothing under the old one', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, anyRecords, async (records, others) => {
        const engine = new ModelEngine();
        await writeSync(engine, SYNC, records);
        await writeSync(engine, OTHER, others);
        const before = await contentsOf(engine);
        const counted = counting(engine);
        await renameSync({ engine, syncId: SYNC, as: THIRD });
        expect(counted.commits).toBe(1);
        expect((await contentsOf(engine, SYNC)).size).toBe(0);
        expect(await problemsOf(engine, THIRD)).toEqual([]);
        await renameSync({ engine, syncId: THIRD, as: SYNC });
        expect(await contentsOf(engine)).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  test('changes the id in runs that name the sync', async () => {
    const engine = new ModelEngine();
    await writeSync(engine, SYNC, []);
    await writeSync(engine, OTHER, [], { type: SyncType.PARTIAL, parentSyncId: SYNC });
    await writeSync(engine, FOURTH, [], { linkedSyncId: SYNC, parentSyncId: OTHER });
    await renameSync({ engine, syncId: SYNC, as: THIRD });
    const reader = new SyncReader(engine);
    expect(await reader.getSyncRun(OTHER)).toMatchObject({ parentSyncId: THIRD, linkedSyncId: '' });
    expect(await reader.getSyncRun(FOURTH)).toMatchObject({
      parentSyncId: OTHER,
      linkedSyncId: THIRD,
    });
  });

  test('refuses an id that is taken', async () => {
    const engine = new ModelEngine();
    await writeSync(engine, SYNC, []);
    await writeSync(engine, OTHER, []);
    const rename = (as: string) => () => renameSync({ engine, syncId: SYNC, as });
    expect(await codeOf(rename(OTHER))).toBe('SSTITCH_SYNC_EXISTS');
    expect(await codeOf(rename(SYNC))).toBe('SSTITCH_OPTION_INVALID');
  });
});
