// Compares keys at the front of larger buffers without creating views.

/** Compares `a[0, aLength)` and `b[0, bLength)` bytewise. */
export function compareFronts(
  a: Uint8Array,
  aLength: number,
  b: Uint8Array,
  bLength: number,
): number {
  const shorter = Math.min(aLength, bLength);
  for (let index = 0; index < shorter; index += 1) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}
