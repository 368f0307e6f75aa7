import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { toHex } from '@sstitch/keys';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, grant, resourceType, SYNC } from '../../test/records.js';
import {
  GrantRecordSchema,
  SyncRunRecordSchema,
  SyncStatsRecordSchema,
  type SyncType,
} from '../gen/c1/storage/v3/records_pb.js';
import { decodeRecord, encodeRecord } from './encode.js';

const KEY = Uint8Array.of(3, 4);

describe('the bytes of a record', () => {
  // Written by another encoder from only the field numbers.
  test('match the format, field by field', () => {
    const full = grant('g', {
      discoveredAt: { seconds: 1_767_323_045n, nanos: 678_000_000 },
      expansion: { entitlementIds: ['e1', 'e2'], shallow: true, resourceTypeIds: ['user'] },
      needsExpansion: true,
      sources: {
        9: { resourceTypeId: 'group', resourceId: 'it', entitlementId: '9' },
        10: { entitlementId: '10', isDirect: true },
      },
    });
    expect(toHex(encodeRecord(full))).toBe(
      '0a1b33367a664f416f574d7851644953626978616e51435242695837451201671a1c0a056772' +
        '6f7570120573746166661a0c73746166663a6d656d626572220b0a04757365721203616e6e2a' +
        '0c08a5ebdcca061080eba5c30232100a0265310a02653210011a047573657238014a0c0a0231' +
        '3012061a02313020014a130a0139120e0a0567726f7570120269741a0139',
    );
    const stats = create(SyncStatsRecordSchema, {
      syncId: SYNC,
      resourceTypes: 1n,
      resources: 300n,
      grants: 5_000_000_000n,
      resourcesByResourceType: { user: 200n, group: 100n },
      grantsByEntitlementResourceType: { '': 7n },
      writtenAt: { seconds: 1_767_323_045n },
    });
    expect(toHex(encodeRecord(stats))).toBe(
      '0a1b33367a664f416f574d7851644953626978616e5143524269583745100118ac022880e497' +
        'd0123a090a0567726f757010643a090a047573657210c80142040a001007a2060608a5ebdcca' +
        '06',
    );
  });

  test('do not depend on the order in which map entries were set', () => {
    const keys = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(
        keys.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        ([one, other]) => {
          expect(toHex(encodeRecord(grantFrom(one)))).toBe(toHex(encodeRecord(grantFrom(other))));
        },
      ),
    );
  });

  test('hold map entries in UTF-8 order, not in the order of UTF-16 or of array indexes', () => {
    // UTF-16 puts 😀 before U+FFFD; the language puts 9 before 10, and both before a.
    const decoded = entryOrder(encodeRecord(grantFrom(['\ufffd', '😀', 'a', '9', '10', ''])));
    expect(decoded).toEqual(['', '10', '9', 'a', '\ufffd', '😀']);
  });

  test('match the plain encoder if there is nothing to sort', () => {
    const record = grantFrom(['only']);
    expect(encodeRecord(record)).toEqual(toBinary(GrantRecordSchema, record));
  });

  test('decode to the same record, including its maps', () => {
    const stats = create(SyncStatsRecordSchema, {
      syncId: SYNC,
      grants: 5_000_000_000n,
      resourcesByResourceType: { user: 2n, 10: 1n, 9: 3n, __proto__x: 4n },
      writtenAt: { seconds: 1n, nanos: 2 },
    });
    expect(decodeRecord('sync_stats', KEY, encodeRecord(stats))).toEqual(stats);
  });

  test('keep unknown fields', () => {
    const unknown = new BinaryWriter().tag(4242, WireType.LengthDelimited).string('later').finish();
    const bytes = Uint8Array.from([...encodeRecord(grantFrom(['b', 'a'])), ...unknown]);
    expect(toHex(encodeRecord(decodeRecord('grant', KEY, bytes)))).toBe(toHex(bytes));
  });

  test('do not change the record', () => {
    const record = Object.freeze(grantFrom(['b', 'a']));
    encodeRecord(record);
    expect(Object.keys(record.sources)).toEqual(['b', 'a']);
  });
});

test('a value that is not the message of its bucket is refused with its key', async () => {
  const decode = () => decodeRecord('grant', KEY, Uint8Array.of(0x0a, 0xff));
  expect(await codeOf(decode)).toBe('SSTITCH_RECORD_UNDECODABLE');
  expect(decode).toThrow('the value of key 0304 is not a grant record');
});

test('a record with a field of the wrong type is refused', async () => {
  const record = create(SyncRunRecordSchema, { syncId: SYNC, type: 1.5 as SyncType });
  expect(await codeOf(() => encodeRecord(record))).toBe('SSTITCH_RECORD_INVALID');
});

test.each([
  grant('g', { discoveredAt: { seconds: 1n }, annotations: [{ typeUrl: 'x\udc00' }] }),
  grant('g', { sources: { '\ud800': {} } }),
  { ...resourceType('user'), displayName: 'a\ud83d' },
  { ...resourceType('user'), traits: ['USER', '\ud83d'] },
])(
  'a record with a lone surrogate is refused, because it would not decode to the same record',
  async (record) => {
    expect(await codeOf(() => encodeRecord(record))).toBe('SSTITCH_RECORD_INVALID');
  },
);

test('a message of another package is refused', async () => {
  expect(await codeOf(() => encodeRecord({ $typeName: 'x.Y' } as never))).toBe(
    'SSTITCH_RECORD_INVALID',
  );
});

function grantFrom(sources: readonly string[]) {
  return grant('g', {
    sources: Object.fromEntries(sources.map((id) => [id, { entitlementId: id, isDirect: true }])),
  });
}

/** The map keys in the order of the bytes, decoded one entry at a time. */
function entryOrder(bytes: Uint8Array): string[] {
  const keys: string[] = [];
  const seen = new Set<string>();
  for (let end = 1; end <= bytes.length; end++) {
    let found: string[];
    try {
      found = Object.keys(fromBinary(GrantRecordSchema, bytes.subarray(0, end)).sources);
    } catch {
      continue;
    }
    for (const key of found) {
      if (!seen.has(key)) keys.push(key);
      seen.add(key);
    }
  }
  return keys;
}
