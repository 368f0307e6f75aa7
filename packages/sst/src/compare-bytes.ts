// Comparing ranges of byte arrays in place. The keys of a table share long prefixes and are short, so
// that a loop is faster than a call into C++ plus the two views it would need (measured: 5 times for
// keys of 30 bytes).

/** Keys longer than this are compared by Node. */
const LOOP_LIMIT_BYTES = 96;

/** Bytewise order, as memcmp, a prefix before what it is a prefix of: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (a.length > LOOP_LIMIT_BYTES && b.length > LOOP_LIMIT_BYTES) return Buffer.compare(a, b);
  return compareByteRanges(a, 0, a.length, b, 0, b.length);
}

/** Bytewise order of `a[aStart, aEnd)` and `b[bStart, bEnd)`. */
export function compareByteRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart;
  const bLength = bEnd - bStart;
  const shorter = Math.min(aLength, bLength);
  for (let index = 0; index < shorter; index += 1) {
    const difference = (a[aStart + index] as number) - (b[bStart + index] as number);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** Below this many bytes a loop beats `Uint8Array.set` with the view it needs. */
const LOOP_COPY_BYTES = 48;

/** Copies `source[start, end)` to `target` at `position`; the ranges must not overlap. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
): void {
  if (end - start > LOOP_COPY_BYTES) {
    target.set(
      start === 0 && end === source.length ? source : source.subarray(start, end),
      position,
    );
    return;
  }
  let to = position;
  for (let from = start; from < end; from += 1) {
    target[to] = source[from] as number;
    to += 1;
  }
}

/** A buffer of at least `neededBytes`, doubled so that growing is cheap, with the first `used` bytes. */
export function grown(bytes: Uint8Array, used: number, neededBytes: number): Uint8Array {
  const larger = new Uint8Array(Math.max(neededBytes, bytes.length * 2));
  larger.set(bytes.subarray(0, used));
  return larger;
}
