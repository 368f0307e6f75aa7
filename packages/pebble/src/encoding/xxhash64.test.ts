import { describe, expect, it } from 'vitest';
import { xxHash64Low } from './xxhash64.js';

const PRIME = 2654435761;

/** The input of xxHash's own sanity checks. */
function sanityBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let generator = BigInt(PRIME);
  for (let index = 0; index < length; index += 1) {
    bytes[index] = Number(generator >> 56n);
    generator = (generator * 11400714785074694797n) % 2n ** 64n;
  }
  return bytes;
}

describe('the low half of XXH64', () => {
  it.each([
    // xxHash's own vectors for seed 0.
    [0, 0xef46db3751d8e999n],
    [1, 0xe934a84adb052768n],
    [4, 0x9136a0dca57457een],
    [14, 0x8282dcc4994e35c8n],
    [222, 0xb641ae8cb691c174n],
  ])('of %d bytes matches xxHash', (length, expected) => {
    expect(xxHash64Low(sanityBytes(length))).toBe(Number(expected & 0xffff_ffffn));
  });
});
