// Entries held in one piece of memory, to be sorted: an object for each would cost several times as much.
//
// Invariants: entry `i` lies in `bytes` from `starts[i]`, its key first, then its value, up to
// `starts[i + 1]`; `keyEnds[i]` lies between.
import { compareBytes } from '@sstitch/keys';
import type { Entry } from '@sstitch/records';

const FIRST_BYTES = 1024 * 1024;
const FIRST_ENTRIES = 16 * 1024;
/** Bytes behind what all keys share that are compared as one number; more are not exact in one. */
const HEAD_BYTES = 6;
/** Keys are sorted in groups by so many leading bytes: in a store, those of a bucket and its sync. */
const GROUP_BYTES = 2;

export class HeldEntries {
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #starts = new Uint32Array(FIRST_ENTRIES + 1);
  #keyEnds = new Uint32Array(FIRST_ENTRIES);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Of all keys and values. */
  get sizeBytes(): number {
    return this.#starts[this.#count] as number;
  }

  add({ key, value }: Entry): void {
    const start = this.sizeBytes;
    const keyEnd = start + key.length;
    const end = keyEnd + value.length;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, start));
      this.bytes = larger;
    }
    if (this.#count === this.#keyEnds.length) {
      this.#starts = grown(this.#starts, 2 * this.#count + 1);
      this.#keyEnds = grown(this.#keyEnds, 2 * this.#count);
    }
    this.bytes.set(key, start);
    if (value.length > 0) this.bytes.set(value, keyEnd);
    this.#keyEnds[this.#count] = keyEnd;
    this.#count += 1;
    this.#starts[this.#count] = end;
  }

  /** Forgets the entries and keeps the memory. */
  clear(): void {
    this.#count = 0;
  }

  keyStart(entry: number): number {
    return this.#starts[entry] as number;
  }

  /** Where the key ends and the value starts. */
  keyEnd(entry: number): number {
    return this.#keyEnds[entry] as number;
  }

  valueEnd(entry: number): number {
    return this.#starts[entry + 1] as number;
  }

  /** A view. */
  keyOf(entry: number): Uint8Array {
    return this.bytes.subarray(this.keyStart(entry), this.keyEnd(entry));
  }

  /** The entries in the order of their keys. Equal keys come one behind the other. */
  sorted(): Uint32Array {
    const groups = new Map<number, number[]>();
    for (let entry = 0; entry < this.#count; entry++) {
      const number = this.#numberAt(entry, 0, GROUP_BYTES);
      const group = groups.get(number);
      if (group === undefined) groups.set(number, [entry]);
      else group.push(entry);
    }
    const order = new Uint32Array(this.#count);
    let at = 0;
    for (const [, group] of [...groups].sort(([a], [b]) => a - b)) {
      order.set(this.#sortGroup(group), at);
      at += group.length;
    }
    return order;
  }

  #sortGroup(group: number[]): number[] {
    const common = this.#sharedBy(group);
    const heads = new Float64Array(group.length);
    for (const [index, entry] of group.entries()) {
      heads[index] = this.#numberAt(entry, common, HEAD_BYTES);
    }
    const indexes = group.map((_, index) => index);
    indexes.sort((a, b) => {
      const order = (heads[a] as number) - (heads[b] as number);
      // Heads are alike of keys that end within them, too: then all of both keys is compared.
      return order !== 0
        ? order
        : this.#compareFrom(group[a] as number, group[b] as number, common);
    });
    return indexes.map((index) => group[index] as number);
  }

  /** How many leading bytes all keys of the group have in common. */
  #sharedBy(group: readonly number[]): number {
    const first = this.keyOf(group[0] as number);
    let shared = first.length;
    const { bytes } = this;
    for (const entry of group) {
      const start = this.keyStart(entry);
      shared = Math.min(shared, this.keyEnd(entry) - start);
      let same = 0;
      while (same < shared && bytes[start + same] === first[same]) same += 1;
      shared = same;
    }
    return shared;
  }

  /** Some bytes of a key as a number; 0 for what the key does not have. */
  #numberAt(entry: number, offset: number, count: number): number {
    const end = this.keyEnd(entry);
    let at = this.keyStart(entry) + offset;
    let number = 0;
    for (let index = 0; index < count; index++) {
      number = number * 256 + (at < end ? (this.bytes[at] as number) : 0);
      at += 1;
    }
    return number;
  }

  #compareFrom(a: number, b: number, offset: number): number {
    const { bytes } = this;
    const aEnd = this.keyEnd(a);
    const bEnd = this.keyEnd(b);
    let aAt = this.keyStart(a) + offset;
    let bAt = this.keyStart(b) + offset;
    for (; aAt < aEnd && bAt < bEnd; aAt += 1, bAt += 1) {
      const difference = (bytes[aAt] as number) - (bytes[bAt] as number);
      if (difference !== 0) return difference;
    }
    return aEnd - aAt - (bEnd - bAt);
  }
}

/** Whether two entries in a row of a sorted order have the same key. */
export function repeatedKey(held: HeldEntries, order: Uint32Array): Uint8Array | undefined {
  for (let at = 1; at < order.length; at++) {
    const key = held.keyOf(order[at] as number);
    if (compareBytes(held.keyOf(order[at - 1] as number), key) === 0) return key;
  }
  return undefined;
}

function grown(numbers: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(numbers);
  return larger;
}
