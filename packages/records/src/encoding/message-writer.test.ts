import {
  create,
  type DescMessage,
  fromBinary,
  type JsonObject,
  type Message,
  toBinary,
} from '@bufbuild/protobuf';
import { AnySchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grant, SYNC } from '../../test/records.js';
import * as gen from '../gen/c1/storage/v3/records_pb.js';
import { ArenaMemory } from './arena-memory.js';
import { ByteArena } from './byte-arena.js';
import { messageWriter } from './message-writer.js';

/** The bytes that the writer appends to existing ones. */
function written(schema: DescMessage, message: Message): Buffer {
  const arena = new ByteArena(new ArenaMemory(), 1);
  arena.copy(Uint8Array.of(1, 2, 3));
  messageWriter(schema)(arena, message);
  expect([...arena.bytes.subarray(0, 3)]).toEqual([1, 2, 3]);
  return Buffer.from(arena.bytes.slice(3, arena.length));
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ minLength: 120, maxLength: 140 }),
);
const texts = fc.array(text, { maxLength: 3 });
const time = fc.option(
  fc
    .record({ seconds: fc.bigInt(-(2n ** 40n), 2n ** 53n - 1n), nanos: fc.integer() })
    .map((init) => create(TimestampSchema, init)),
  { nil: undefined },
);
const annotations = fc.array(
  fc
    .record({ typeUrl: text, value: fc.uint8Array({ maxLength: 300 }) })
    .map((init) => create(AnySchema, init)),
  { maxLength: 2 },
);
const reference = fc.option(fc.record({ resourceTypeId: text, resourceId: text }), {
  nil: undefined,
});
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Creates a message from an init without its undefined fields, which `create` does not accept. */
function made<S extends DescMessage>(schema: S, init: Record<string, unknown>): Message {
  const given = Object.entries(init).filter(([, value]) => value !== undefined);
  return create(schema, Object.fromEntries(given) as never);
}

const RECORDS: Array<[string, DescMessage, fc.Arbitrary<Record<string, unknown>>]> = [
  [
    'a resource type',
    gen.ResourceTypeRecordSchema,
    fc.record({
      ...{ syncId: text, externalId: text, displayName: text, traits: texts, annotations },
      ...{ discoveredAt: time, description: text, sourcedExternally: fc.boolean() },
    }),
  ],
  [
    'a resource',
    gen.ResourceRecordSchema,
    fc.record({
      ...{ syncId: text, resourceId: text, parent: reference, annotations, discoveredAt: time },
      profile: optional(fc.record({ only: fc.oneof(text, fc.double(), fc.boolean()) })),
      status: optional(
        fc
          .record({ status: fc.nat(3), details: text })
          .map((init) => create(gen.StatusRecordSchema, init)),
      ),
      createdAt: time,
      sourceScopeKey: text,
      iconAssetExternalId: text,
    }),
  ],
  [
    'an entitlement',
    gen.EntitlementRecordSchema,
    fc.record({
      externalId: text,
      resource: reference,
      slug: text,
      grantableToResourceTypeIds: texts,
    }),
  ],
  [
    'a grant',
    gen.GrantRecordSchema,
    fc.record({
      ...{ syncId: text, externalId: text, principal: reference, discoveredAt: time, annotations },
      entitlement: optional(fc.record({ resourceTypeId: text, entitlementId: text })),
      expansion: optional(
        fc.record({ entitlementIds: texts, shallow: fc.boolean(), resourceTypeIds: texts }),
      ),
      needsExpansion: fc.boolean(),
      sources: fc.dictionary(text, fc.record({ entitlementId: text, isDirect: fc.boolean() }), {
        maxKeys: 1,
        noNullPrototype: true,
      }),
    }),
  ],
  [
    'an asset',
    gen.AssetRecordSchema,
    fc.record({ externalId: text, contentType: text, data: fc.uint8Array({ maxLength: 20_000 }) }),
  ],
  [
    'a sync run',
    gen.SyncRunRecordSchema,
    fc.record({
      ...{ syncId: text, type: fc.nat(5), parentSyncId: text, startedAt: time, endedAt: time },
      ...{ supportsDiff: fc.boolean(), linkedSyncId: text, compacted: fc.boolean() },
      ingestInvariantGeneration: text,
      ingestInvariantCoverage: texts,
    }),
  ],
  [
    'statistics',
    gen.SyncStatsRecordSchema,
    fc.record({
      ...{ syncId: text, grants: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), writtenAt: time },
      ingestQuality: optional(
        fc
          .record({ grantsDropped: fc.bigInt(0n, 2n ** 64n - 1n) })
          .map((init) => create(gen.IngestQualityStatsSchema, init)),
      ),
      connectorCallStats: fc.dictionary(
        text,
        fc.record({ count: fc.bigInt(0n, 2n ** 53n), maxMs: fc.bigInt(-5n, 5n) }),
        { maxKeys: 1, noNullPrototype: true },
      ),
      resourcesByResourceType: fc.dictionary(text, fc.bigInt(0n, 2n ** 40n), {
        maxKeys: 1,
        noNullPrototype: true,
      }),
    }),
  ],
];

describe('the encoding of', () => {
  test.each(RECORDS)('%s matches protobuf-es', (_what, schema, inits) => {
    fc.assert(
      fc.property(inits, (init) => {
        const message = made(schema, init);
        expect(written(schema, message)).toEqual(Buffer.from(toBinary(schema, message)));
      }),
    );
  });
});

/** A profile; objects with at most one field have only one order. */
const profile = fc.option(
  fc.jsonValue({ maxDepth: 4 }).map((value) => ({ field: value }) as JsonObject),
  { nil: undefined },
);

describe('maps and profiles', () => {
  test('decode to the same value', () => {
    fc.assert(
      fc.property(profile, (value) => {
        const record = made(gen.ResourceRecordSchema, { resourceId: 'r', profile: value });
        const bytes = written(gen.ResourceRecordSchema, record);
        expect(fromBinary(gen.ResourceRecordSchema, new Uint8Array(bytes))).toEqual(record);
      }),
    );
  });

  test('hold zero, empty strings, false and null as values that are set', () => {
    const record = made(gen.ResourceRecordSchema, {
      profile: { a: [0, -0, '', false, null, {}, [], Number.NaN], '': Number.POSITIVE_INFINITY },
    });
    const bytes = new Uint8Array(written(gen.ResourceRecordSchema, record));
    expect(fromBinary(gen.ResourceRecordSchema, bytes)).toEqual(record);
  });

  test('are written in key order at every depth, whatever the order of the object', () => {
    const sorted = ['', '10', '9', 'a', 'b', '\ufffd', '\u{1f600}'];
    const part = (tag: number, content: Buffer) => Buffer.from([tag, content.length, ...content]);
    const fields = (value: Buffer) =>
      Buffer.concat(
        sorted.map((key) =>
          part(0x0a, Buffer.concat([part(0x0a, Buffer.from(key)), part(0x12, value)])),
        ),
      );
    // The null_value of each key, nested as the struct_value of the only field.
    const inner = part(0x2a, fields(Buffer.of(0x08, 0x00)));
    const wanted = part(0x0a, Buffer.concat([part(0x0a, Buffer.from('p')), part(0x12, inner)]));
    // JavaScript orders integer-like keys first and numerically: 9 before 10, and both before others.
    for (const order of [sorted, sorted.toReversed()]) {
      const p = Object.fromEntries(order.map((key) => [key, null]));
      const record = made(gen.ResourceRecordSchema, { profile: { p } });
      expect(written(gen.ResourceRecordSchema, record).subarray(-wanted.length)).toEqual(wanted);
    }
  });
});

describe('a message is refused', () => {
  const time = (nanos: number) => create(TimestampSchema, { nanos });
  test.each<[string, Message, string]>([
    [
      'with a lone surrogate',
      grant('\ud800'),
      'GrantRecord.external_id: lone surrogate in "\\ud800"',
    ],
    [
      'with a lone surrogate in a part',
      grant('g', { principal: { resourceId: 'a\udc00' } }),
      'PrincipalRef.resource_id: lone surrogate',
    ],
    [
      'with a number in place of a string',
      { ...grant('g'), externalId: 7 as never },
      'GrantRecord.external_id must be a string, not 7',
    ],
    [
      'with a part of another type',
      { ...grant('g'), principal: time(1) as never },
      'c1.storage.v3.PrincipalRef must be a message of this type, not an object',
    ],
    [
      'with a number with a fraction',
      { ...grant('g'), discoveredAt: time(0.5) },
      'Timestamp.nanos must be an integer from -2147483648 to 2147483647, not 0.5',
    ],
    [
      'of another type',
      create(gen.SyncRunRecordSchema, { syncId: SYNC }),
      'c1.storage.v3.GrantRecord must be a message of this type, not an object',
    ],
    [
      'with undefined in place of a list',
      { ...grant('g'), annotations: undefined as never },
      'GrantRecord.annotations must be an array, not undefined',
    ],
  ])('%s', (_what, message, problem) => {
    expect(() => written(gen.GrantRecordSchema, message)).toThrow(problem);
  });

  test.each([undefined, 1n, () => 1])('with %s in a profile', (value) => {
    const record = made(gen.ResourceRecordSchema, { profile: { a: value } });
    expect(() => written(gen.ResourceRecordSchema, record)).toThrow(
      'ResourceRecord.profile must be JSON',
    );
  });
});
