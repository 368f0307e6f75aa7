import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeRecord } from '../encoding/encode.js';
import { GrantRecordSchema, SyncRunRecordSchema } from '../gen/c1/storage/v3/records_pb.js';
import { RecordBatch } from './record-batch.js';
import { SyncIdField } from './sync-id-field.js';

const grant = create(GrantRecordSchema, { syncId: 'a', externalId: 'g' });

describe('a batch', () => {
  test('of records has their bytes, and a batch of bytes has their records', () => {
    const batch = RecordBatch.ofRecords('a', 'grant', [grant]);
    expect(batch).toMatchObject({ syncId: 'a', bucket: 'grant', length: 1 });
    expect(batch.values).toEqual([encodeRecord(grant)]);
    expect(RecordBatch.ofValues('a', 'grant', batch.values).records).toEqual([grant]);
  });

  test('keeps its bytes, although the encoder would write others', () => {
    // The external id precedes the sync id.
    const value = Uint8Array.of(0x12, 1, 0x67, 0x0a, 1, 0x61);
    const batch = RecordBatch.ofValues('a', 'grant', [value]);
    expect(batch.records).toEqual([grant]);
    expect(batch.values[0]).toBe(value);
  });

  test('converts to a batch of a sync with another id', () => {
    const run = create(SyncRunRecordSchema, { syncId: 'a', parentSyncId: 'a', syncToken: 't' });
    const renamed = RecordBatch.ofRecords('a', 'sync_run', [run]).withSyncId('another');
    expect(renamed.syncId).toBe('another');
    expect(renamed.records).toEqual([{ ...run, syncId: 'another' }]);
    expect(renamed.values).toEqual([encodeRecord({ ...run, syncId: 'another' })]);
  });
});

describe('the field of a sync id', () => {
  const records = fc
    .record({ syncId: fc.string(), externalId: fc.string() })
    .map((init) => create(GrantRecordSchema, init));

  test('is set or removed as an encoder does it', () => {
    fc.assert(
      fc.property(records, fc.string({ unit: 'grapheme' }), (record, syncId) => {
        const value = encodeRecord(record);
        const expected = encodeRecord({ ...record, syncId });
        expect(new SyncIdField(syncId).put(value)).toEqual(expected);
      }),
    );
  });

  test('is found anywhere, even repeated, and unknown fields stay', () => {
    const unknown = [0xf8, 0x07, 5];
    const value = Uint8Array.of(...unknown, 0x0a, 1, 0x61, 0x12, 1, 0x67, 0x0a, 1, 0x62);
    expect(new SyncIdField('c').put(value)).toEqual(
      Uint8Array.of(0x0a, 1, 0x63, ...unknown, 0x12, 1, 0x67),
    );
  });

  test.each([
    ['a truncated field', Uint8Array.of(0x12, 9, 0x67)],
    ['a truncated tag', Uint8Array.of(0x80)],
  ])('is not searched for in %s', (_, value) => {
    expect(() => new SyncIdField('a').put(value)).toThrow();
  });
});
