import { create } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
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
  test('are its own if they match the counts', () => {
    expect(completedStatistics(run, counted(), own)).toBe(own);
  });

  test('are its own even if they do not count entitlements by type, or name types without records', () => {
    const older = { ...own, entitlementsByResourceType: {} };
    expect(completedStatistics(run, counted(), older)).toBe(older);
    const named = {
      ...own,
      resourcesByResourceType: { ...own.resourcesByResourceType, app: 0n },
    };
    expect(completedStatistics(run, counted(), named)).toBe(named);
  });

  test('have corrected counts if they differ, and keep all other fields', () => {
    const wrong = { ...own, grants: own.grants + 1n, resourcesByResourceType: { user: 99n } };
    expect(completedStatistics(run, counted(), wrong)).toEqual(own);
  });

  test('are computed, with the time of its end, if a finished sync has none', () => {
    expect(completedStatistics(run, counted(), undefined)).toMatchObject({
      syncId: FIRST_SYNC,
      grants: 15n,
      writtenAt: run.endedAt,
    });
    const unknown = { ...run, endedAt: create(TimestampSchema, { seconds: 10n ** 15n }) };
    expect(completedStatistics(unknown, counted(), undefined)?.writtenAt).toBe(unknown.endedAt);
    expect(completedStatistics(unfinished as SyncRunRecord, counted(), undefined)).toBeUndefined();
  });
});
