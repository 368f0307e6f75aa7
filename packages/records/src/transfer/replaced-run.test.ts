import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { OTHER_SYNC, SYNC } from '../../test/records.js';
import { encodeRecord } from '../encoding/encode.js';
import {
  type SyncRunRecord,
  SyncRunRecordSchema,
  SyncType,
} from '../gen/c1/storage/v3/records_pb.js';
import { RecordBatch } from './record-batch.js';
import { replacedVersionOf, replacedVersionToken } from './replaced-run.js';

const SIDE = '36zM46KKuaBq0wjSSvKh5o0350y';
const KEPT_AT = new Date('2026-01-02T03:04:05.678Z');

const own = create(SyncRunRecordSchema, {
  ...{ syncId: SYNC, type: SyncType.FULL, syncToken: 'token', parentSyncId: OTHER_SYNC },
  ...{ startedAt: { seconds: 1n }, endedAt: { seconds: 2n } },
});

/** The run of a replaced version of a sync. */
function kept(run: SyncRunRecord | undefined, syncId = SYNC, sideId = SIDE): SyncRunRecord {
  return create(SyncRunRecordSchema, {
    ...{ syncId: sideId, linkedSyncId: syncId, endedAt: { seconds: 2n } },
    syncToken: replacedVersionToken(KEPT_AT, run && encodeRecord(run)),
  });
}

function batchesOf(run: SyncRunRecord): RecordBatch<'sync_run'>[] {
  const { syncId } = run;
  return [
    RecordBatch.ofRecords(syncId, 'sync_run', [run]),
    RecordBatch.ofValues(syncId, 'sync_run', [encodeRecord(run)]),
  ];
}

describe('the run of a replaced version', () => {
  test('is identified by its token, as the stores of any release hold it', () => {
    const runValue = Uint8Array.of(0x0a, 1, 0x61);
    const run = create(SyncRunRecordSchema, {
      ...{ syncId: SIDE, linkedSyncId: SYNC },
      syncToken: 'sstitch-replaced-version:1:1767323045678:CgFh',
    });
    expect(replacedVersionToken(KEPT_AT, runValue)).toBe(run.syncToken);
    expect(replacedVersionOf(run)).toEqual({
      ...{ sideId: SIDE, syncId: SYNC, keptAt: KEPT_AT, runValue },
      run: create(SyncRunRecordSchema, { syncId: 'a' }),
    });
    const runless = { ...run, syncToken: 'sstitch-replaced-version:1:1767323045678:' };
    expect(replacedVersionToken(KEPT_AT, undefined)).toBe(runless.syncToken);
    expect(replacedVersionOf(runless)).toEqual({
      ...{ sideId: SIDE, syncId: SYNC, keptAt: KEPT_AT, runValue: undefined, run: undefined },
    });
    expect(replacedVersionOf(own)).toBeUndefined();
  });

  test('becomes the own run in a batch of an ordinary sync, whose id stays', () => {
    for (const batch of batchesOf(kept(own))) {
      const ordinary = batch.asOrdinarySync();
      expect(ordinary.syncId).toBe(SIDE);
      expect(ordinary.records).toEqual([{ ...own, syncId: SIDE }]);
      expect(ordinary.values).toEqual([encodeRecord({ ...own, syncId: SIDE })]);
    }
  });

  test('becomes the own run in a batch of a sync with another id, and stays under its own', () => {
    for (const batch of batchesOf(kept(own))) {
      const copy = batch.withSyncId(OTHER_SYNC);
      expect(copy.records).toEqual([{ ...own, syncId: OTHER_SYNC }]);
      expect(copy.values).toEqual([encodeRecord({ ...own, syncId: OTHER_SYNC })]);
      expect(batch.withSyncId(SIDE)).toBe(batch);
    }
  });

  test('says nothing of the version in an ordinary sync if the version had no run', () => {
    for (const batch of batchesOf(kept(undefined))) {
      const expected = { ...kept(undefined), syncToken: '', linkedSyncId: '', syncId: OTHER_SYNC };
      expect(batch.withSyncId(OTHER_SYNC).records).toEqual([expected]);
    }
  });

  test('becomes the own run also if what was replaced was a replaced version', () => {
    for (const batch of batchesOf(kept(kept(own), SIDE, OTHER_SYNC))) {
      expect(batch.asOrdinarySync().records).toEqual([{ ...own, syncId: OTHER_SYNC }]);
    }
  });
});

test('a batch of an ordinary sync is its own, with the same bytes', () => {
  for (const batch of batchesOf(own)) expect(batch.asOrdinarySync()).toBe(batch);
});
