import { create } from '@bufbuild/protobuf';
import { SyncCounter, type SyncRunRecord, SyncStatsRecordSchema } from '@sstitch/records';
import { describe, expect, test } from 'vitest';
import { FIRST_SYNC, smallSync } from '../test/small-syncs.js';
import { completedStatistics } from './sync-statistics.js';

const records = smallSync(FIRST_SYNC).map(([, record]) => record);
const run = records[0] as SyncRunRecord;
const { endedAt: _, ...unfinished } = run;

function counted(): SyncCounter {
  const counter = new SyncCounter();
  for (const record of records) counter.add(record);
  return counter;
}

const own = create(SyncStatsRecordSchema, {
  ...counted().toRecord(FIRST_SYNC, new Date(0)),
  stepDurationsMs: { list: 7n },
});

describe('the statistics of a sync', () => {
  test('are its own where they say what was counted', () => {
    expect(completedStatistics(run, counted(), own)).toBe(own);
  });

  test('are its own although they do not count entitlements by type, or name types of none', () => {
    const older = { ...own, entitlementsByResourceType: {} };
    expect(completedStatistics(run, counted(), older)).toBe(older);
    const named = {
      ...own,
      resourcesByResourceType: { ...own.resourcesByResourceType, app: 0n },
    };
    expect(completedStatistics(run, counted(), named)).toBe(named);
  });

  test('have the counts that were counted where they say others, and all else as it was', () => {
    const wrong = { ...own, grants: own.grants + 1n, resourcesByResourceType: { user: 99n } };
    expect(completedStatistics(run, counted(), wrong)).toEqual(own);
  });

  test('are the counts, as of the end of the sync, where it has none and is finished', () => {
    expect(completedStatistics(run, counted(), undefined)).toMatchObject({
      syncId: FIRST_SYNC,
      grants: 15n,
      writtenAt: { seconds: run.endedAt?.seconds },
    });
    expect(completedStatistics(unfinished as SyncRunRecord, counted(), undefined)).toBeUndefined();
  });
});
