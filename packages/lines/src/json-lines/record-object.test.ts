import { create } from '@bufbuild/protobuf';
import {
  decodeRecord,
  encodeRecord,
  GrantRecordSchema,
  identityOf,
  ResourceRecordSchema,
  type SyncRecord,
  SyncStatsRecordSchema,
  type ValueBucket,
} from '@sstitch/records';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SYNC, sampleSync } from '../../test/sample-syncs.js';
import { InvalidRecord, recordObject, recordOfObject } from './record-object.js';

/** The object of the line for stored bytes. */
function objectOf(bucket: ValueBucket, value: Uint8Array): Record<string, unknown> {
  const record = decodeRecord(bucket, new Uint8Array(0), value);
  return JSON.parse(JSON.stringify(recordObject(bucket, record, value)));
}

function storedBytes(object: Record<string, unknown>): string {
  const { record, value } = recordOfObject(object);
  return Buffer.from(value ?? encodeRecord(record)).toString('hex');
}

function objectOfRecord(record: SyncRecord): Record<string, unknown> {
  return objectOf(identityOf(record).bucket, encodeRecord(record));
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a record as the object of a line', () => {
  test('is only the record if that says everything, with the names of the .proto file', () => {
    for (const record of sampleSync(SYNC)) {
      const object = objectOfRecord(record);
      expect(Object.keys(object)).toEqual(['type', 'record']);
      expect(storedBytes(object)).toBe(hex(encodeRecord(record)));
    }
    const [run] = sampleSync(SYNC);
    expect(run && objectOfRecord(run)).toMatchObject({
      type: 'sync_run',
      record: { sync_id: SYNC, type: 'SYNC_TYPE_FULL', ended_at: '2025-06-15T15:07:40Z' },
    });
  });

  test('has annotations as bytes, whatever their types', () => {
    const annotations = [{ typeUrl: 'example.com/some.Thing', value: new Uint8Array([1, 2]) }];
    const grant = create(GrantRecordSchema, { syncId: SYNC, externalId: 'g', annotations });
    expect(objectOfRecord(grant)['record']).toMatchObject({
      annotations: [{ type_url: 'example.com/some.Thing', value: 'AQI=' }],
    });
  });

  test('also has the stored bytes if they hold more fields, or fields in another order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...sampleSync(SYNC)),
        fc.uint8Array({ minLength: 1, maxLength: 9 }),
        fc.boolean(),
        (record, extra, isFirst) => {
          // Field 4000, which no version uses.
          const unknown = new Uint8Array([0x82, 0xfa, 0x01, extra.length, ...extra]);
          const known = encodeRecord(record);
          const value = Buffer.concat(isFirst ? [unknown, known] : [known, unknown]);
          const { bucket } = identityOf(record);
          const object = objectOf(bucket, value);
          expect(object['value']).toBe(value.toString('base64'));
          expect(object['record']).toEqual(objectOfRecord(record)['record']);
          expect(storedBytes(object)).toBe(hex(value));
        },
      ),
    );
  });

  test.each([
    ['a time that JSON cannot express', { createdAt: { seconds: 2n ** 50n } }],
    ['NaN', { profile: { number: Number.NaN } }],
    ['a negative zero', { profile: { number: -0 } }],
    ['the name __proto__', { profile: JSON.parse('{"__proto__":{"a":1}}') }],
  ])('keeps %s', (_what, more) => {
    const record = create(ResourceRecordSchema, { syncId: SYNC, resourceId: 'r', ...more });
    expect(storedBytes(objectOfRecord(record))).toBe(hex(encodeRecord(record)));
  });

  test('keeps the count of a type named __proto__', () => {
    const record = create(SyncStatsRecordSchema, { syncId: SYNC });
    record.resourcesByResourceType = Object.fromEntries([['__proto__', 3n]]);
    expect(storedBytes(objectOfRecord(record))).toBe(hex(encodeRecord(record)));
  });
});

describe('an object that is not a record', () => {
  const record = { sync_id: SYNC, external_id: 'g' };
  test.each<[string, Record<string, unknown>, RegExp, string[]]>([
    ['no type', { record }, /"type" is not one of resource_type, /, ['type']],
    ['an unknown type', { type: 'session', record }, /"type" is not one of/, ['type']],
    ['no record', { type: 'grant' }, /it has no "record"/, []],
    ['a record that is a list', { type: 'grant', record: [] }, /not an object/, ['record']],
    ['more names', { type: 'grant', record, sync: 1 }, /a record has no "sync"/, ['sync']],
    [
      'an unknown field',
      { type: 'grant', record: { ...record, wrong: 1 } },
      /^key "wrong" is unknown$/,
      ['record', 'wrong'],
    ],
    [
      'a field of another type',
      { type: 'grant', record: { external_id: 5, sync_id: SYNC } },
      /expected string, got 5/,
      ['record', 'external_id'],
    ],
    [
      'an invalid time',
      { type: 'grant', record: { ...record, discovered_at: 'yesterday' } },
      /invalid RFC 3339/i,
      ['record', 'discovered_at'],
    ],
    [
      'annotations without bytes',
      { type: 'grant', record: { ...record, annotations: [{ type_url: 'x' }] } },
      /an annotation lacks type_url or value/,
      ['record', 'annotations'],
    ],
    [
      'annotations on a type without them',
      { type: 'asset', record: { ...record, annotations: [] } },
      /an? asset has no annotations/,
      ['record', 'annotations'],
    ],
    ['a value that is not base64', { type: 'grant', value: 'a-' }, /in base64/, ['value']],
    [
      'a value that is not a message',
      { type: 'grant', value: '////' },
      /not a grant record/,
      ['value'],
    ],
    [
      'a changed record beside the old bytes',
      { type: 'grant', record, value: 'EgFo' },
      /are not the same record/,
      ['record'],
    ],
  ])('is refused: %s', (_what, object, message, at) => {
    let thrown: unknown;
    try {
      recordOfObject(object);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidRecord);
    expect((thrown as InvalidRecord).message).toMatch(message);
    expect((thrown as InvalidRecord).at).toEqual(at);
  });

  test('accepts only bytes, and only a record in camel case', () => {
    const value = Buffer.from(encodeRecord(create(GrantRecordSchema, { syncId: SYNC })));
    expect(storedBytes({ type: 'grant', value: value.toString('base64') })).toBe(hex(value));
    expect(storedBytes({ type: 'grant', record: { syncId: SYNC } })).toBe(hex(value));
  });
});
