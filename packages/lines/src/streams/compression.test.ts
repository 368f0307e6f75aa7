import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compressionOf, splitCompression } from './compression.js';

describe('splitCompression', () => {
  test.each([
    ['a.jsonl.gz', 'a.jsonl', 'gzip'],
    ['a.CSV.ZST', 'a.CSV', 'zstd'],
    ['a.jsonl', 'a.jsonl', undefined],
    ['gz', 'gz', undefined],
  ])('%s is %s and %s', (name, rest, compression) => {
    expect(splitCompression(name)).toEqual({ name: rest, compression });
  });
});

describe('compressionOf', () => {
  test('recognises gzip, zstd frames and skippable frames by their first bytes', () => {
    expect(compressionOf(gzipSync('x'))).toBe('gzip');
    expect(compressionOf(new Uint8Array([0x28, 0xb5, 0x2f, 0xfd]))).toBe('zstd');
    expect(compressionOf(new Uint8Array([0x5a, 0x2a, 0x4d, 0x18]))).toBe('zstd');
  });

  test.each(['', '{', '{"type":"header"}', 'C1Z3\0'])('treats %j as uncompressed', (text) => {
    expect(compressionOf(Buffer.from(text))).toBeUndefined();
  });
});
