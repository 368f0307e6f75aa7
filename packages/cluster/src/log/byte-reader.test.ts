import { expect, it } from 'vitest';
import { ByteReader } from './byte-reader.js';

it.each([8, 20, 200])('a number of %i bytes that exceeds 2^53 - 1 is refused', (length) => {
  const bytes = new Uint8Array(length).fill(0x80);
  bytes[length - 1] = 0x7f;
  const corrupt = expect.objectContaining({ code: 'SSTITCH_CLUSTER_CORRUPT' });
  expect(() => new ByteReader(bytes, 'a record').varint()).toThrow(corrupt);
});
