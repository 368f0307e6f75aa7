import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { toHex } from '@sstitch/keys';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, grant, SYNC } from '../test/records.js';
import { decodeRecord, encodeRecord } from './encode.js';
import { GrantRecordSchema, SyncStatsRecordSchema } from './gen/c1/storage/v3/records_pb.js';

const KEY = Uint8Array.of(3, 4);

describe('the bytes of a record', () => {
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

  test('hold map entries in the order of their UTF-8, not of UTF-16 or of array indexes', () => {
    // UTF-16 puts 😀 before U+FFFD; the language puts 9 before 10, and both before a.
    const decoded = entryOrder(encodeRecord(grantFrom(['\ufffd', '😀', 'a', '9', '10', ''])));
    expect(decoded).toEqual(['', '10', '9', 'a', '\ufffd', '😀']);
  });

  test('are those of the plain encoder where there is nothing to sort', () => {
    const record = grantFrom(['only']);
    expect(encodeRecord(record)).toEqual(toBinary(GrantRecordSchema, record));
  });

  test('come back as the same record, its maps included', () => {
    const stats = create(SyncStatsRecordSchema, {
      syncId: SYNC,
      grants: 5_000_000_000n,
      resourcesByResourceType: { user: 2n, 10: 1n, 9: 3n, __proto__x: 4n },
      writtenAt: { seconds: 1n, nanos: 2 },
    });
    expect(decodeRecord('sync_stats', KEY, encodeRecord(stats))).toEqual(stats);
  });

  test('keep fields that this version does not know', () => {
    const unknown = new BinaryWriter().tag(4242, WireType.LengthDelimited).string('later').finish();
    const bytes = Uint8Array.from([...encodeRecord(grantFrom(['b', 'a'])), ...unknown]);
    expect(toHex(encodeRecord(decodeRecord('grant', KEY, bytes)))).toBe(toHex(bytes));
  });

  test('leave the record as it was', () => {
    const record = Object.freeze(grantFrom(['b', 'a']));
    encodeRecord(record);
    expect(Object.keys(record.sources)).toEqual(['b', 'a']);
  });
});

test('a value that is not the message is refused with its key', async () => {
  const decode = () => decodeRecord('grant', KEY, Uint8Array.of(0x0a, 0xff));
  expect(await codeOf(decode)).toBe('SSTITCH_RECORD_UNDECODABLE');
  expect(decode).toThrow('the value of key 0304 is not a grant record');
});

test('a record with a field of the wrong type is refused', async () => {
  const record = grant('g');
  (record as { needsExpansion: unknown }).needsExpansion = 'yes';
  (record as { externalId: unknown }).externalId = 7;
  expect(await codeOf(() => encodeRecord(record))).toBe('SSTITCH_RECORD_INVALID');
});

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

/** The map keys in the order of the bytes: decoding one entry at a time. */
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
