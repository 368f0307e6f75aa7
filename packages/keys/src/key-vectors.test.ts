import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildKey } from './build-key.js';
import { toHex } from './hex.js';
import { BUCKETS, type Bucket } from './layout.js';
import { parseKey } from './parse-key.js';
import { parseSyncId } from './sync-id.js';
import { bucketSpan } from './sync-spans.js';

interface KeyVector {
  readonly bucket: Bucket;
  readonly syncId: string;
  readonly syncIdHex: string;
  readonly parts: readonly string[];
  readonly keyHex: string;
  readonly lowerHex: string;
  readonly upperHex: string;
}

const vectors: readonly KeyVector[] = JSON.parse(
  readFileSync(new URL('../test-vectors/key-vectors.json', import.meta.url), 'utf8'),
);

const named = vectors.map((vector, at) => ({ ...vector, name: `${at} ${vector.bucket}` }));

describe('vectors of an independent encoder', () => {
  test('cover every bucket', () => {
    const covered = new Set(vectors.map(({ bucket }) => bucket));
    expect([...covered].sort()).toEqual(BUCKETS.map(({ bucket }) => bucket).sort());
  });

  test.each(named)('$name: builds the key byte for byte', (vector) => {
    const key = buildKey(vector.bucket, parseSyncId(vector.syncId), vector.parts);
    expect(toHex(key)).toBe(vector.keyHex);
  });

  test.each(named)('$name: parses the key into its parts', (vector) => {
    const parsed = parseKey(fromHex(vector.keyHex));
    expect(parsed).toMatchObject({
      bucket: vector.bucket,
      syncId: vector.syncId,
      elements: vector.parts,
    });
    expect(toHex(parsed.syncIdBytes)).toBe(vector.syncIdHex);
  });

  test.each(named)('$name: computes the bounds of its bucket', (vector) => {
    const span = bucketSpan(vector.bucket, vector.syncId);
    expect(toHex(span.start)).toBe(vector.lowerHex);
    expect(span.end && toHex(span.end)).toBe(vector.upperHex);
  });
});

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
