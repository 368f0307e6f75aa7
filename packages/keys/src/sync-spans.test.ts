import { compareBytes, equalBytes, spanContains } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBucketAndElements, anySyncId, codeOf } from '../test/arbitraries.js';
import { buildKey } from './build-key.js';
import { toHex } from './hex.js';
import { prefixSpan, prefixSuccessor } from './key-range.js';
import { BUCKETS } from './layout.js';
import { formatSyncId, parseSyncId } from './sync-id.js';
import { bucketSpan, syncSpans, syncSpansInKeyOrder } from './sync-spans.js';

describe('the spans of a sync', () => {
  test('are 13, in the fixed order', () => {
    const spans = syncSpans('36zfOAoWMxQdISbixanQCRBiX7E');
    expect(spans.map(({ bucket }) => bucket)).toEqual([
      'resource_type',
      'resource',
      'resource_by_parent',
      'entitlement',
      'entitlement_by_resource',
      'grant',
      'grant_by_entitlement',
      'grant_by_principal',
      'grant_by_principal_resource_type',
      'grant_by_needs_expansion',
      'asset',
      'sync_run',
      'sync_stats',
    ]);
  });

  test('hold each key of the sync in the span of its bucket and in no other', () => {
    fc.assert(
      fc.property(anyBucketAndElements, anySyncId, ({ bucket, elements }, syncId) => {
        const key = buildKey(bucket, syncId, elements);
        const holding = syncSpans(syncId).filter(({ span }) => spanContains(span, key));
        expect(holding.map((spanned) => spanned.bucket)).toEqual([bucket]);
      }),
    );
  });

  test('hold no key of another sync', () => {
    fc.assert(
      fc.property(anyBucketAndElements, anySyncId, anySyncId, (key, syncId, other) => {
        fc.pre(!equalBytes(syncId, other));
        const foreign = buildKey(key.bucket, other, key.elements);
        expect(syncSpans(syncId).filter(({ span }) => spanContains(span, foreign))).toEqual([]);
      }),
    );
  });

  test('are disjoint, and ascend in key order', () => {
    fc.assert(
      fc.property(anySyncId, (syncId) => {
        const spans = syncSpansInKeyOrder(syncId);
        expect(spans).toHaveLength(13);
        for (const [at, { span }] of spans.entries()) {
          const next = spans[at + 1];
          if (span.end === undefined) throw new Error('every span of a sync has an upper bound');
          expect(compareBytes(span.start, span.end)).toBeLessThan(0);
          if (next) expect(compareBytes(span.end, next.span.start)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  test('are the same for both forms of a sync id', () => {
    const syncId = parseSyncId('36zfOAoWMxQdISbixanQCRBiX7E');
    expect(syncSpans(formatSyncId(syncId))).toEqual(syncSpans(syncId));
  });

  test('are refused for a text that is not a sync id', () => {
    expect(codeOf(() => syncSpans('sync-1'))).toBe('SSTITCH_SYNC_ID_INVALID');
  });

  test('of the largest sync id end at the start of the next bucket', () => {
    const largest = parseSyncId('aWgEPTl1tmebfsQzFP4bxwgy80V');
    const ends = BUCKETS.map(({ bucket }) => bucketSpan(bucket, largest).end);
    expect(ends.map((end) => end && toHex(end))).toEqual(
      '0302 0303 030702 0304 030703 0305 030704 030705 030707 030706 0306 0307 03ff737461747301'.split(
        ' ',
      ),
    );
  });
});

describe('the range of a prefix', () => {
  test('holds the keys that start with it and no others', () => {
    const bytes = fc.array(fc.constantFrom(0x00, 0x01, 0xfe, 0xff), { maxLength: 4 });
    fc.assert(
      fc.property(bytes, bytes, (prefixBytes, keyBytes) => {
        const [prefix, key] = [Uint8Array.from(prefixBytes), Uint8Array.from(keyBytes)];
        const starts = equalBytes(key.subarray(0, prefix.length), prefix);
        expect(spanContains(prefixSpan(prefix), key)).toBe(starts);
      }),
      { numRuns: 1000 },
    );
  });

  test('of only FF bytes, or of no bytes, has no upper bound', () => {
    expect(prefixSuccessor(Uint8Array.of(0xff, 0xff))).toBeUndefined();
    expect(prefixSuccessor(new Uint8Array(0))).toBeUndefined();
  });

  test('does not change the prefix it is made from', () => {
    const prefix = Uint8Array.of(1, 2, 0xff);
    expect(prefixSuccessor(prefix)).toEqual(Uint8Array.of(1, 3));
    expect(prefix).toEqual(Uint8Array.of(1, 2, 0xff));

    const buffer = Buffer.of(1, 2, 0xff);
    expect(prefixSuccessor(buffer)).toEqual(Uint8Array.of(1, 3));
    expect([...buffer]).toEqual([1, 2, 0xff]);
  });
});
