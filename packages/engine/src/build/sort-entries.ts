// Sorts the indexes of packed entries by key; an object for each entry would cost several times as much. Most keys
// share most of their bytes with many others, so a radix sort, which reads each byte once, is several times as fast as
// a sort that compares keys.
import type { UnsortedEntries } from '@sstitch/contract';

/** Smaller groups are sorted by comparing keys, which costs less than 257 counters. */
const SMALL_GROUP = 48;
/** The number of digits: one for keys that have ended, and one for each byte. */
const COUNTERS = 257;

/** Returns the offset of an entry's key. */
export function keyStartOf({ ends }: Pick<UnsortedEntries, 'ends'>, entry: number): number {
  return entry === 0 ? 0 : (ends[entry - 1] as number);
}

/** Returns the indexes of the entries in ascending order of their keys. Equal keys are adjacent. */
export function sortedOrder(entries: UnsortedEntries): Uint32Array {
  const { count } = entries;
  const order = new Uint32Array(count);
  for (let entry = 0; entry < count; entry++) order[entry] = entry;
  if (!isSorted(entries)) new RadixSort(entries, order).sort();
  return order;
}

function isSorted(entries: UnsortedEntries): boolean {
  for (let entry = 1; entry < entries.count; entry++) {
    if (compareFrom(entries, entry - 1, entry, 0) > 0) return false;
  }
  return true;
}

/** Compares two keys whose first `depth` bytes are equal. */
function compareFrom(entries: UnsortedEntries, a: number, b: number, depth: number): number {
  const { bytes, keyEnds } = entries;
  const aEnd = keyEnds[a] as number;
  const bEnd = keyEnds[b] as number;
  let aAt = keyStartOf(entries, a) + depth;
  let bAt = keyStartOf(entries, b) + depth;
  for (; aAt < aEnd && bAt < bEnd; aAt += 1, bAt += 1) {
    const difference = (bytes[aAt] as number) - (bytes[bAt] as number);
    if (difference !== 0) return difference;
  }
  return aEnd - aAt - (bEnd - bAt);
}

/**
 * A radix sort from the most significant byte, group by group.
 *
 * Invariants: the groups on the stack are disjoint ranges of `order`; the keys of a group have equal first `depth`
 * bytes.
 */
class RadixSort {
  readonly #entries: UnsortedEntries;
  readonly #order: Uint32Array;
  readonly #moved: Uint32Array;
  /** The digit of each entry of the group: its byte at the depth, plus one, or 0 after the key's end. */
  readonly #digits: Uint16Array;
  readonly #counts = new Uint32Array(COUNTERS);
  /** The from, to and depth of each group. */
  readonly #stack: number[] = [];

  constructor(entries: UnsortedEntries, order: Uint32Array) {
    this.#entries = entries;
    this.#order = order;
    this.#moved = new Uint32Array(order.length);
    this.#digits = new Uint16Array(order.length);
  }

  sort(): void {
    const stack = this.#stack;
    stack.push(0, this.#order.length, 0);
    while (stack.length > 0) {
      const depth = stack.pop() as number;
      const to = stack.pop() as number;
      const from = stack.pop() as number;
      if (to - from < SMALL_GROUP) this.#sortSmall(from, to, depth);
      else this.#partition(from, to, depth);
    }
  }

  /** Orders a group by the first byte in which its keys differ, and pushes the resulting groups. */
  #partition(from: number, to: number, groupDepth: number): void {
    const order = this.#order;
    const counts = this.#counts;
    let depth = groupDepth;
    for (;;) {
      counts.fill(0);
      const only = this.#count(from, to, depth);
      if (only === undefined) break;
      // All keys have ended, so they are equal.
      if (only === 0) return;
      depth += 1;
    }
    const moved = this.#moved;
    const digits = this.#digits;
    let start = from;
    for (let digit = 0; digit < COUNTERS; digit++) {
      const count = counts[digit] as number;
      counts[digit] = start;
      start += count;
    }
    for (let at = from; at < to; at++) {
      const digit = digits[at] as number;
      const place = counts[digit] as number;
      counts[digit] = place + 1;
      moved[place] = order[at] as number;
    }
    order.set(moved.subarray(from, to), from);
    let groupStart = from;
    for (let digit = 0; digit < COUNTERS; digit++) {
      // The count of a digit is now the end of its group.
      const groupEnd = counts[digit] as number;
      if (digit > 0 && groupEnd - groupStart > 1) this.#stack.push(groupStart, groupEnd, depth + 1);
      groupStart = groupEnd;
    }
  }

  /** Counts the digits of a group. Returns the digit if all entries have the same one. */
  #count(from: number, to: number, depth: number): number | undefined {
    const { bytes, keyEnds, ends } = this.#entries;
    const order = this.#order;
    const digits = this.#digits;
    const counts = this.#counts;
    let digit = 0;
    for (let at = from; at < to; at++) {
      const entry = order[at] as number;
      const byteAt = (entry === 0 ? 0 : (ends[entry - 1] as number)) + depth;
      digit = byteAt < (keyEnds[entry] as number) ? (bytes[byteAt] as number) + 1 : 0;
      digits[at] = digit;
      counts[digit] = (counts[digit] as number) + 1;
    }
    return counts[digit] === to - from ? digit : undefined;
  }

  #sortSmall(from: number, to: number, depth: number): void {
    const order = this.#order;
    for (let at = from + 1; at < to; at++) {
      const entry = order[at] as number;
      let place = at;
      for (; place > from; place--) {
        const before = order[place - 1] as number;
        if (compareFrom(this.#entries, before, entry, depth) <= 0) break;
        order[place] = before;
      }
      order[place] = entry;
    }
  }
}
