import { create } from '@bufbuild/protobuf';
import { toHex } from '@sstitch/keys';
import {
  AssetRecordSchema,
  EntitlementRecordSchema,
  encodeRecord,
  GrantRecordSchema,
  identityOf,
  RecordScanner,
  ResourceRecordSchema,
  ResourceTypeRecordSchema,
  type SyncRecord,
} from '@sstitch/records';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketPrefix, type KeyLayout, keyParts, recordKey } from './key-layout.js';
import { isPlainKey } from './plain-key.js';

const LAYOUTS: readonly KeyLayout[] = ['v1', 'pebble2', 'pebble3'];
const scanner = new RecordScanner();

// A few texts with common prefixes, so that keys are nearly equal.
const id = fc.constantFrom('', 'a', 'b', 'a:', 'a:b', 'a:b:', 'a:b:c', '1', 'é', 'a\0', '\x01');
const reference = fc.option(fc.record({ resourceTypeId: id, resourceId: id }), { nil: undefined });
const entitlementId = fc
  .tuple(id, id, id, fc.boolean())
  .map(([type, resource, rest, isWhole]) => (isWhole ? rest : `${type}:${resource}:${rest}`));

const anyRecord: fc.Arbitrary<SyncRecord> = fc.oneof(
  id.map((externalId) => create(ResourceTypeRecordSchema, { externalId })),
  id.map((externalId) => create(AssetRecordSchema, { externalId })),
  fc
    .record({ resourceTypeId: id, resourceId: id })
    .map((record) => create(ResourceRecordSchema, record)),
  fc
    .record({ externalId: entitlementId, resource: reference })
    .map(({ externalId, resource }) =>
      create(EntitlementRecordSchema, { externalId, ...(resource && { resource }) }),
    ),
  fc
    .record({ externalId: id, on: reference, entitlementId, principal: reference })
    .map(({ externalId, on, entitlementId, principal }) =>
      create(GrantRecordSchema, {
        externalId,
        ...(on && { entitlement: { ...on, entitlementId } }),
        ...(principal && { principal }),
      }),
    ),
);

/** The key of a record; undefined if it has none. */
function keyOf(layout: KeyLayout, record: SyncRecord): Uint8Array | undefined {
  const prefix = bucketPrefix(layout, identityOf(record).bucket, undefined);
  try {
    return recordKey(prefix, keyParts(layout, record));
  } catch {
    return undefined;
  }
}

describe('the key of a record that is not decoded', () => {
  test('is accepted only if it is the key of the decoded record', () => {
    const taken = new Map<string, number>();
    const change = fc.record({ at: fc.nat(40), byte: fc.constantFrom(0, 1, 0x30, 0x31, 0x61) });
    fc.assert(
      fc.property(
        fc.constantFrom(...LAYOUTS),
        anyRecord,
        fc.option(anyRecord, { freq: 1 }),
        fc.option(change, { freq: 1 }),
        (layout, record, other, changed) => {
          const { bucket } = identityOf(record);
          const own = keyOf(layout, record);
          const others = other === null ? undefined : keyOf(layout, other);
          const prefix = bucketPrefix(layout, bucket, undefined);
          let key = others ?? own ?? prefix;
          if (changed !== null && key.length > prefix.length) {
            key = key.slice();
            key[prefix.length + (changed.at % (key.length - prefix.length))] = changed.byte;
          }
          if (!scanner.scan(bucket, encodeRecord(record))) return;
          if (isPlainKey(scanner, layout, key, prefix.length, key.length)) {
            expect(toHex(key.subarray(prefix.length))).toBe(
              toHex((own ?? new Uint8Array(0)).subarray(prefix.length)),
            );
            const name = `${layout} ${bucket}`;
            taken.set(name, (taken.get(name) ?? 0) + 1);
          }
        },
      ),
      { numRuns: 5000 },
    );
    expect(taken.size).toBe(15);
  });

  test.each(LAYOUTS)(
    'is accepted if the record is as encoders write it, in layout %s',
    (layout) => {
      const of = { resourceTypeId: 'group', resourceId: 'staff' };
      const to = { resourceTypeId: 'user', resourceId: 'ann' };
      const records = [
        create(ResourceTypeRecordSchema, { externalId: 'user' }),
        create(ResourceRecordSchema, { ...to, parent: of }),
        create(EntitlementRecordSchema, { externalId: 'group:staff:member', resource: of }),
        create(EntitlementRecordSchema, { externalId: 'member', resource: of }),
        create(GrantRecordSchema, {
          externalId: 'g',
          entitlement: { ...of, entitlementId: 'group:staff:member' },
          principal: to,
        }),
        create(GrantRecordSchema, {
          externalId: 'é',
          entitlement: { ...of, entitlementId: 'member' },
          principal: { resourceTypeId: 'user', resourceId: 'zoë' },
        }),
        create(AssetRecordSchema, { externalId: 'logo', data: new Uint8Array(3) }),
      ];
      for (const record of records) {
        const { bucket } = identityOf(record);
        const prefix = bucketPrefix(layout, bucket, undefined);
        expect(scanner.scan(bucket, encodeRecord(record))).toBe(true);
        const key = keyOf(layout, record) as Uint8Array;
        expect(isPlainKey(scanner, layout, key, prefix.length, key.length)).toBe(true);
        expect(isPlainKey(scanner, layout, key, prefix.length, key.length - 1)).toBe(false);
      }
    },
  );

  test('of a grant without an id is left to the decoder', () => {
    const grant = create(GrantRecordSchema, {
      entitlement: { resourceTypeId: 'group', resourceId: 'staff', entitlementId: 'member' },
      principal: { resourceTypeId: 'user', resourceId: 'ann' },
    });
    expect(scanner.scan('grant', encodeRecord(grant))).toBe(true);
    const key = keyOf('pebble3', grant) as Uint8Array;
    const prefix = bucketPrefix('pebble3', 'grant', undefined);
    expect(isPlainKey(scanner, 'pebble3', key, prefix.length, key.length)).toBe(false);
  });
});
