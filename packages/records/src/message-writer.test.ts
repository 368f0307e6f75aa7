import { create, type DescMessage, type Message, toBinary } from '@bufbuild/protobuf';
import { AnySchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grant, SYNC } from '../test/records.js';
import { ArenaMemory } from './arena-memory.js';
import { ByteArena } from './byte-arena.js';
import * as gen from './gen/c1/storage/v3/records_pb.js';
import { messageWriter } from './message-writer.js';

/** What the writer writes behind bytes that are there already; undefined where it refuses. */
function written(schema: DescMessage, message: Message): Buffer | undefined {
  const arena = new ByteArena(new ArenaMemory(), 1);
  arena.copy(Uint8Array.of(1, 2, 3));
  if (!messageWriter(schema)(arena, message)) return undefined;
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
    .record({ seconds: fc.bigInt(0n, 2n ** 53n - 1n), nanos: fc.nat(999_999_999) })
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

/** An init without its undefined fields, as `create` wants it. */
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
      syncId: text,
      resourceId: text,
      parent: reference,
      annotations,
      discoveredAt: time,
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
      supportsDiff: fc.boolean(),
    }),
  ],
  [
    'statistics',
    gen.SyncStatsRecordSchema,
    fc.record({
      ...{ syncId: text, grants: fc.bigInt(0n, 2n ** 53n - 1n), writtenAt: time },
      resourcesByResourceType: fc.dictionary(text, fc.bigInt(0n, 2n ** 40n), {
        maxKeys: 1,
        noNullPrototype: true,
      }),
    }),
  ],
];

describe('the bytes that are written of', () => {
  test.each(RECORDS)('%s are those of protobuf-es', (_what, schema, inits) => {
    fc.assert(
      fc.property(inits, (init) => {
        const message = made(schema, init);
        expect(written(schema, message)).toEqual(Buffer.from(toBinary(schema, message)));
      }),
    );
  });
});

describe('a message is left to the encoder that has the errors', () => {
  const number = (nanos: number) => create(TimestampSchema, { nanos });
  test.each<[string, Message]>([
    ['of which a map has an order', grant('g', { sources: { a: {}, b: {} } })],
    ['with a lone surrogate', grant('\ud800')],
    ['with a lone surrogate in a part', grant('g', { principal: { resourceId: 'a\udc00' } })],
    ['with fields that are not known', { ...grant('g'), $unknown: [] }],
    ['with a number that is none', { ...grant('g'), externalId: 7 as never }],
    ['with a part of another type', { ...grant('g'), principal: number(1) as never }],
    ['with a number below zero', { ...grant('g'), discoveredAt: number(-1) }],
    ['with a number with a fraction', { ...grant('g'), discoveredAt: number(0.5) }],
    ['of another type', create(gen.SyncRunRecordSchema, { syncId: SYNC })],
  ])('%s', (_what, message) => {
    expect(written(gen.GrantRecordSchema, message)).toBeUndefined();
  });
});
