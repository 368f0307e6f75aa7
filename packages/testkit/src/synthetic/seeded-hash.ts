// Pseudo-random numbers that depend only on their position, so that any record can be created on its own.

/** Murmur3's finaliser: each bit of the input flips about half of the bits of the output. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A hash of `stream` and `index`: 32 bits, unsigned. */
export type SeededHash = (stream: number, index: number) => number;

/** The hash function of a seed and a sync's index. */
export function seededHash(seed: number, syncIndex: number): SeededHash {
  const high = Math.floor(seed / 2 ** 32);
  const base = mix(mix(mix(seed | 0) ^ high) + Math.imul(syncIndex, 0x9e3779b1));
  return (stream, index) =>
    mix(mix(base + Math.imul(stream, 0x85ebca77)) ^ mix(index + 0x165667b1));
}
