import { create, type JsonObject } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyRecord } from '../../test/random-records.js';
import { grant, resource, resourceType, SYNC } from '../../test/records.js';
import { GrantRecordSchema, ResourceRecordSchema } from '../gen/c1/storage/v3/records_pb.js';
import type { CountedBucket } from '../record-types.js';
import { identityOf, type SyncRecord, type ValueBucket } from '../record-types.js';
import { SyncCounter } from '../statistics/sync-counter.js';
import { decodeRecord, encodeRecord } from './encode.js';
import { RecordScanner } from './record-scanner.js';
import { SCANNED_FIELDS } from './scanned-fields.js';

const UTF8 = new TextDecoder();
const NO_KEY = new Uint8Array(0);
/** Characters in ids that are left to the decoder. */
const ESCAPED = ['\0', '\x01', '\ufeff'];
const scanner = new RecordScanner();

/** The fields that the scanner found, by their paths. */
function scanned(): Record<string, unknown> {
  const { bucket, bytes } = scanner;
  const entries = Object.entries(SCANNED_FIELDS[bucket]).map(([path, field]) => {
    const text = UTF8.decode(bytes.subarray(scanner.startOf(field), scanner.endOf(field)));
    if (path === 'needs_expansion') return [path, scanner.isTrue(field)];
    const isMessage = Object.keys(SCANNED_FIELDS[bucket]).some((name) =>
      name.startsWith(`${path}.`),
    );
    if (isMessage) return [path, scanner.has(field)];
    expect(scanner.isEmpty(field)).toBe(text === '');
    return [path, text];
  });
  return Object.fromEntries(entries);
}

/** The same fields of a decoded record. */
function decoded(bucket: CountedBucket, record: SyncRecord): Record<string, unknown> {
  const valueAt = (path: string): unknown => {
    let at: unknown = record;
    for (const name of path.split('.')) {
      const localName = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      at = (at as Record<string, unknown> | undefined)?.[localName];
    }
    return at;
  };
  const entries = Object.keys(SCANNED_FIELDS[bucket]).map((path) => {
    const value = valueAt(path);
    if (typeof value === 'boolean') return [path, value];
    if (typeof value === 'object') return [path, true];
    const isMessage = Object.keys(SCANNED_FIELDS[bucket]).some((name) =>
      name.startsWith(`${path}.`),
    );
    return [path, isMessage ? false : (value ?? '')];
  });
  return Object.fromEntries(entries);
}

/** Scans bytes; accepted bytes must decode to the found fields. */
function scanAndCompare(bucket: ValueBucket, bytes: Uint8Array): boolean {
  if (!scanner.scan(bucket, bytes)) return false;
  const record = decodeRecord(bucket, NO_KEY, bytes);
  expect(scanned()).toEqual(decoded(scanner.bucket, record));
  const counter = new SyncCounter();
  counter.addCount(scanner.bucket, 1, scanner.countedType());
  const counted = new SyncCounter();
  counted.add(record);
  expect(counter.toRecord(SYNC)).toEqual(counted.toRecord(SYNC));
  return true;
}

const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('a:b', 'é', '\ufeffmark'));
const anyAnnotations = fc.array(
  fc.record({ typeUrl: text, value: fc.uint8Array() }).map((any) => ({
    $typeName: 'google.protobuf.Any' as const,
    ...any,
  })),
  { maxLength: 2 },
);
const anyUnknown = fc.array(
  fc.oneof(
    fc.record({
      no: fc.constantFrom(17, 300, 2047),
      wireType: fc.constant(0 as const),
      data: fc.constantFrom(Uint8Array.of(1), Uint8Array.of(0xff, 1)),
    }),
    fc.record({
      no: fc.constantFrom(17, 300),
      wireType: fc.constant(2 as const),
      data: fc.constantFrom(Uint8Array.of(0), Uint8Array.of(2, 0xff, 0xff)),
    }),
  ),
  { maxLength: 2 },
);

/** Records with every kind of field. */
const anyFullRecord: fc.Arbitrary<SyncRecord> = fc
  .record({
    record: anyRecord,
    displayName: text,
    annotations: anyAnnotations,
    unknown: anyUnknown,
    profile: fc.dictionary(text, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 }),
    sources: fc.uniqueArray(text, { maxLength: 2 }),
  })
  .map(({ record, displayName, annotations, unknown, profile, sources }) => {
    const more: Record<string, unknown> = { $unknown: unknown };
    if ('annotations' in record) more['annotations'] = annotations;
    if ('displayName' in record) more['displayName'] = displayName;
    if (record.$typeName === 'c1.storage.v3.ResourceRecord') {
      more['profile'] = JSON.parse(JSON.stringify(profile));
      more['status'] = create(ResourceRecordSchema, {
        status: { status: 1, details: displayName },
      }).status;
    }
    if (record.$typeName === 'c1.storage.v3.GrantRecord') {
      const made = create(GrantRecordSchema, {
        sources: Object.fromEntries(
          sources.map((source) => [source, { resourceId: source, isDirect: true }]),
        ),
        expansion: { entitlementIds: sources, shallow: true, resourceTypeIds: ['user'] },
      });
      more['sources'] = made.sources;
      more['expansion'] = made.expansion;
    }
    return { ...record, ...more } as SyncRecord;
  });

describe('a scan', () => {
  test('finds the same in plain bytes as decoding does, and accepts the bytes of encoders', () => {
    fc.assert(
      fc.property(anyFullRecord, (record) => {
        const { bucket } = identityOf(record);
        const isTaken = scanAndCompare(bucket, encodeRecord(record));
        // Ids with bytes that keys escape are left to the decoder.
        const texts = Object.values(decoded(bucket as CountedBucket, record));
        const isLeft = (one: unknown) => ESCAPED.some((text) => String(one).includes(text));
        expect(isTaken).toBe(!texts.some(isLeft));
      }),
      { numRuns: 500 },
    );
  });

  test('refuses bytes that do not decode, or decode to something else', () => {
    const changes = fc.array(
      fc.record({ at: fc.nat(400), byte: fc.nat(255), kind: fc.nat(4), length: fc.nat(20) }),
      { minLength: 1, maxLength: 3 },
    );
    let taken = 0;
    fc.assert(
      fc.property(anyFullRecord, changes, (record, all) => {
        let bytes = Buffer.from(encodeRecord(record));
        for (const { at: anywhere, byte, kind, length } of all) {
          const at = bytes.length === 0 ? 0 : anywhere % bytes.length;
          const end = Math.min(bytes.length, at + length);
          const [before, part, after] = [
            bytes.subarray(0, at),
            bytes.subarray(at, end),
            bytes.subarray(end),
          ];
          if (kind === 0 && bytes.length > 0) bytes[at] = byte;
          else if (kind === 1) bytes = Buffer.concat([before, after]);
          else if (kind === 2) bytes = Buffer.concat([before, part, part, after]);
          else if (kind === 3) bytes = Buffer.concat([before, Buffer.of(byte), part, after]);
          else if (bytes.length > 0) bytes[at] = (bytes[at] as number) + (byte % 3) - 1;
        }
        if (scanAndCompare(identityOf(record).bucket, Uint8Array.from(bytes))) taken += 1;
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test.each([
    ['a field twice', new BinaryWriter().tag(2, 2).string('a').tag(2, 2).string('b')],
    ['fields out of order', new BinaryWriter().tag(3, 2).string('a').tag(2, 2).string('b')],
    ['a field of another wire type', new BinaryWriter().tag(2, 0).uint32(1)],
    ['a group', new BinaryWriter().tag(99, 3).tag(99, 4)],
    ['a text that is not UTF-8', new BinaryWriter().tag(3, 2).bytes(Uint8Array.of(0xff))],
    ['a truncated text', new BinaryWriter().tag(3, 2).uint32(5).raw(Uint8Array.of(0x61))],
    ['an id with a byte that keys escape', new BinaryWriter().tag(2, 2).string('a\0')],
    ['an id with a byte order mark', new BinaryWriter().tag(2, 2).string('\ufeffa')],
    ['a length without an end', new BinaryWriter().raw(Uint8Array.of(0x12, 0xff))],
    ['a field number 0', new BinaryWriter().raw(Uint8Array.of(0x02, 0))],
    [
      'an unknown field before the sync id',
      new BinaryWriter().tag(300, 0).uint32(1).tag(1, 2).string(SYNC),
    ],
  ])('leaves %s to the decoder', (_, writer) => {
    expect(scanner.scan('resource_type', writer.finish())).toBe(false);
  });

  test('returns where the fields after the sync id begin', () => {
    const record = resourceType('user');
    expect(scanner.scan('resource_type', encodeRecord(record))).toBe(true);
    expect(scanner.bodyStart).toBe(2 + SYNC.length);
    expect(scanner.scan('resource_type', encodeRecord({ ...record, syncId: '' }))).toBe(true);
    expect(scanner.bodyStart).toBe(0);
  });

  test('accepts records with a profile, expansions and sources', () => {
    const profile: JsonObject = { a: [1, 'two', null, { b: true }], c: { d: 2.5 } };
    expect(scanAndCompare('resource', encodeRecord({ ...resource('user:ann'), profile }))).toBe(
      true,
    );
    const full = grant('g', {
      needsExpansion: true,
      expansion: { entitlementIds: ['e'], shallow: true },
      sources: { b: {}, a: { isDirect: true } },
    });
    expect(scanAndCompare('grant', encodeRecord(full))).toBe(true);
  });

  test('refuses buckets without a count', () => {
    expect(scanner.scan('sync_run', NO_KEY)).toBe(false);
    expect(scanner.scan('grant_by_principal', NO_KEY)).toBe(false);
  });
});
