import { equalBytes } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBucketAndElements, anySyncId, codeOf } from '../test/arbitraries.js';
import { buildKey } from './build-key.js';
import { KeysError } from './errors.js';
import { BUCKETS } from './layout.js';
import { classifyKey, KeyParser, type ParsedKey, parseKey } from './parse-key.js';
import { grantKey, syncRunKey } from './record-keys.js';
import { formatSyncId, parseSyncId } from './sync-id.js';

const sync = parseSyncId('36zfOAoWMxQdISbixanQCRBiX7E');

describe('parseKey', () => {
  test('returns the parts that the key was built from', () => {
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

  test('accepts a damaged key only if building from its parts produces the same bytes', () => {
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
    ['a truncated sync id', [0x03, 0x04, ...sync.subarray(0, 19)]],
    ['a missing element', [0x03, 0x04, ...sync]],
    ['one element too many', [0x03, 0x04, ...sync, 0x00, 0x61, 0x00]],
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

  test('returns plain Uint8Arrays for a key that is a Buffer, as databases return them', () => {
    const { syncIdBytes } = parseKey(Buffer.from(grantKey(sync, 'g1')));
    expect(syncIdBytes).toEqual(sync);
    expect(syncIdBytes.constructor).toBe(Uint8Array);
  });

  test('names the key and the fault in the message', () => {
    expect(() => parseKey(Uint8Array.of(0x03, 0x04, 0xab))).toThrow(
      'malformed key 0304ab: it ends inside the sync id of a grant key',
    );
  });
});

describe('classifyKey', () => {
  test('returns the parts of a key that belongs to a sync', () => {
    expect(classifyKey(grantKey(sync, 'g1'))).toMatchObject({
      kind: 'sync',
      key: { bucket: 'grant', elements: ['g1'] },
    });
    expect(classifyKey(syncRunKey(sync))).toMatchObject({ kind: 'sync', key: { elements: [] } });
  });

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(['sync', 'reserved', 'malformed']).toContain(classifyKey(bytes).kind);
      }),
    );
  });
});

describe('a KeyParser', () => {
  const anyKey = fc.oneof(
    fc
      .tuple(
        anyBucketAndElements,
        fc.constantFrom(sync, parseSyncId('36zfOAoWMxQdISbixanQCRBiX7F')),
      )
      .map(([{ bucket, elements }, syncId]) => buildKey(bucket, syncId, elements)),
    fc.constantFrom(
      Uint8Array.of(0x03, 0x04, ...sync),
      Uint8Array.of(0x03, 0x04, ...sync.subarray(0, 19)),
      Uint8Array.of(0x03, 0x04, ...sync, 0x00, 0xff),
      Uint8Array.of(0x03, 0x08, ...sync),
      Uint8Array.of(0x03, 0x0a, ...sync),
    ),
  );

  test('classifies each of many keys as if it were the only one', () => {
    fc.assert(
      fc.property(fc.array(anyKey, { maxLength: 20 }), (keys) => {
        const parser = new KeyParser();
        const classified = keys.map((key) => parser.classify(Buffer.from(key)));
        expect(classified).toEqual(keys.map((key) => classifyKey(key)));
      }),
    );
  });

  test('finds the sync of a key whose elements are wrong, and of no other', () => {
    const parser = new KeyParser();
    const text = formatSyncId(sync);
    for (const [bytes, syncId] of [
      [[0x03, 0x04, ...sync, 0x00, 0x61], text],
      [[0x03, 0x04, ...sync, 0x61], text],
      [[0x03, 0x04, ...sync.subarray(0, 19)], undefined],
      [[0x03, 0x08, ...sync], undefined],
      [[0x03, 0x06, ...sync], text],
    ] as const) {
      expect(parser.syncOf(Uint8Array.from(bytes))).toBe(syncId);
    }
  });

  test('keeps no view of the keys, whose memory may be reused', () => {
    const parser = new KeyParser();
    const key = grantKey(sync, 'g1');
    const { syncIdBytes } = parser.parse(key);
    key.fill(0xff);
    expect(syncIdBytes).toEqual(sync);
    expect(parser.parse(grantKey(sync, 'g2'))).toEqual(parseKey(grantKey(sync, 'g2')));
  });
});

describe('the bucket table', () => {
  test('has 13 buckets, and no prefix that begins another', () => {
    expect(BUCKETS).toHaveLength(13);
    for (const a of BUCKETS) {
      for (const b of BUCKETS) {
        if (a === b) continue;
        expect(equalBytes(b.prefix.subarray(0, a.prefix.length), a.prefix)).toBe(false);
      }
    }
  });
});
