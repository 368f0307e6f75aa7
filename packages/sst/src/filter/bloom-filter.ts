// LevelDB's bloom filter (util/bloom.cc, util/hash.cc), "leveldb.BuiltinBloomFilter2":
//
//   bits     bytes, at least 8
//   probes   1 byte: how many bits each key sets; above 30 the filter matches everything
//
// The bit positions of a key are hash, hash + d, hash + 2d, …, modulo the number of bits, where d is the hash rotated
// right by 17.

/** The greatest number of probes. Larger ones are reserved for other encodings, and match every key. */
export const MAX_PROBES = 30;
const MINIMUM_BITS = 64;
const SEED = 0xbc9f1d34;
const MULTIPLIER = 0xc6a4a793;

/** Returns LevelDB's 32-bit hash of `bytes[start, end)`, with the bloom filter's seed. */
export function bloomHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = SEED ^ Math.imul(end - start, MULTIPLIER);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul((hash + word) | 0, MULTIPLIER);
    hash ^= hash >>> 16;
  }
  const left = end - at;
  if (left > 0) {
    if (left > 2) hash = (hash + ((bytes[at + 2] as number) << 16)) | 0;
    if (left > 1) hash = (hash + ((bytes[at + 1] as number) << 8)) | 0;
    hash = Math.imul((hash + (bytes[at] as number)) | 0, MULTIPLIER);
    hash ^= hash >>> 24;
  }
  return hash >>> 0;
}

/** Returns the number of bits that each key sets in a filter of `bitsPerKey`. */
function probesFor(bitsPerKey: number): number {
  // 0.69 is about ln 2, which minimises false matches. As in LevelDB, the result is rounded down.
  return Math.min(MAX_PROBES, Math.max(1, Math.floor(bitsPerKey * 0.69)));
}

/** Returns the size of a filter of `keyCount` keys in bytes, including its last byte. */
export function bloomFilterBytes(keyCount: number, bitsPerKey: number): number {
  return ((Math.max(keyCount * bitsPerKey, MINIMUM_BITS) + 7) >>> 3) + 1;
}

/** Writes the filter of `hashes[0, keyCount)` at `start`. The target's bytes must be zero. */
export function writeBloomFilter(
  target: Uint8Array,
  start: number,
  hashes: Uint32Array,
  keyCount: number,
  bitsPerKey: number,
): void {
  const size = bloomFilterBytes(keyCount, bitsPerKey);
  const probes = probesFor(bitsPerKey);
  const bits = ((size - 1) * 8) >>> 0;
  for (let key = 0; key < keyCount; key += 1) {
    let hash = hashes[key] as number;
    const delta = (hash >>> 17) | (hash << 15);
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = (hash >>> 0) % bits;
      const at = start + (bit >>> 3);
      target[at] = (target[at] as number) | (1 << (bit & 7));
      hash = (hash + delta) | 0;
    }
  }
  target[start + size - 1] = probes;
}

/** Whether the filter `bytes[start, end)` may contain the key with this hash. */
export function bloomMayMatch(
  bytes: Uint8Array,
  start: number,
  end: number,
  hash: number,
): boolean {
  if (end - start < 2) return false;
  const probes = bytes[end - 1] as number;
  if (probes > MAX_PROBES) return true;
  const bits = ((end - start - 1) * 8) >>> 0;
  const delta = (hash >>> 17) | (hash << 15);
  let current = hash | 0;
  for (let probe = 0; probe < probes; probe += 1) {
    const bit = (current >>> 0) % bits;
    if (((bytes[start + (bit >>> 3)] as number) & (1 << (bit & 7))) === 0) return false;
    current = (current + delta) | 0;
  }
  return true;
}
