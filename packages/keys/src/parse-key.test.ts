import { equalBytes } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBucketAndElements, anySyncId, codeOf } from '../test/arbitraries.js';
import { buildKey } from './build-key.js';
import { KeysError } from './errors.js';
import { BUCKETS } from './layout.js';
import { classifyKey, type ParsedKey, parseKey } from './parse-key.js';
import { grantKey, syncRunKey } from './record-keys.js';
import { formatSyncId, parseSyncId } from './sync-id.js';

const sync = parseSyncId('36zfOAoWMxQdISbixanQCRBiX7E');

describe('parseKey', () => {
  test('gives back what the key was built of', () => {
    fc.assert(
      fc.property(anyBucketAndElements, anySyncId, ({ bucket, elements }, syncId) => {
        const parsed = parseKey(buildKey(bucket, syncId, elements));
        expect(parsed).toEqual({
          bucket,
          syncId: formatSyncId(syncId),
          syncIdBytes: syncId,
          elements,
        });
      }),
    );
  });

  test('takes only bytes that building gives again, however a key is damaged', () => {
    const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(3) });
    fc.assert(
      fc.property(anyBucketAndElements, anySyncId, damage, (key, syncId, { at, byte, cut }) => {
        const whole = buildKey(key.bucket, syncId, key.elements);
        const damaged = whole.slice(0, whole.length - cut);
        damaged[at % damaged.length] = byte;
        let parsed: ParsedKey;
        try {
          parsed = parseKey(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(KeysError);
          return;
        }
        const again = buildKey(parsed.bucket, parsed.syncIdBytes, parsed.elements);
        expect(equalBytes(again, damaged)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['nothing at all', []],
    ['another format version', [0x02, 0x04, ...sync, 0x00, 0x61]],
    ['the version alone', [0x03]],
    ['an unknown bucket', [0x03, 0x0a, ...sync, 0x00, 0x61]],
    ['bucket 00', [0x03, 0x00, ...sync]],
    ['an unknown index', [0x03, 0x07, 0x07, ...sync, 0x00, 0x61]],
    ['an index bucket with no number', [0x03, 0x07]],
    ['a sync id cut short', [0x03, 0x04, ...sync.subarray(0, 19)]],
    ['no element where one is due', [0x03, 0x04, ...sync]],
    ['an element too many', [0x03, 0x04, ...sync, 0x00, 0x61, 0x00]],
    ['bytes after a sync run', [0x03, 0x06, ...sync, 0x00]],
    ['no separator after the sync id', [0x03, 0x04, ...sync, 0x61]],
    ['an element that is not UTF-8', [0x03, 0x04, ...sync, 0x00, 0xff]],
  ])('refuses %s', (_, bytes) => {
    const key = Uint8Array.from(bytes);
    expect(codeOf(() => parseKey(key))).toBe('SSTITCH_KEY_MALFORMED');
    expect(classifyKey(key).kind).toBe('malformed');
  });

  test.each([
    ['counters', [0x03, 0x08, ...sync]],
    ['sessions', [0x03, 0x09]],
    ['engine_metadata', [0x03, 0xff, 0x61]],
    ['engine_metadata', [0x03, 0xff, 0x73, 0x74, 0x61, 0x74, 0x73]],
  ])('refuses a reserved key of %s', (range, bytes) => {
    const key = Uint8Array.from(bytes);
    expect(codeOf(() => parseKey(key))).toBe('SSTITCH_KEY_RESERVED');
    expect(classifyKey(key)).toEqual({ kind: 'reserved', range });
  });

  test('gives plain bytes for a key that comes as a Buffer, as databases give them', () => {
    const { syncIdBytes } = parseKey(Buffer.from(grantKey(sync, 'g1')));
    expect(syncIdBytes).toEqual(sync);
    expect(syncIdBytes.constructor).toBe(Uint8Array);
  });

  test('says in its message which key and why', () => {
    expect(() => parseKey(Uint8Array.of(0x03, 0x04, 0xab))).toThrow(
      'malformed key 0304ab: it ends inside the sync id of a grant key',
    );
  });
});

describe('classifyKey', () => {
  test('gives a key of a sync taken apart', () => {
    expect(classifyKey(grantKey(sync, 'g1'))).toMatchObject({
      kind: 'sync',
      key: { bucket: 'grant', elements: ['g1'] },
    });
    expect(classifyKey(syncRunKey(sync))).toMatchObject({ kind: 'sync', key: { elements: [] } });
  });

  test('throws on no bytes whatever', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(['sync', 'reserved', 'malformed']).toContain(classifyKey(bytes).kind);
      }),
    );
  });
});

describe('the bucket table', () => {
  test('has 13 buckets, none of whose prefixes starts another', () => {
    expect(BUCKETS).toHaveLength(13);
    for (const a of BUCKETS) {
      for (const b of BUCKETS) {
        if (a === b) continue;
        expect(equalBytes(b.prefix.subarray(0, a.prefix.length), a.prefix)).toBe(false);
      }
    }
  });
});
