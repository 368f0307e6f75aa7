// An immutable ordered map of byte strings: a state of the model engine.
import { compareBytes, type Span } from '@sstitch/contract';

/** A key and its value. */
export type ModelEntry = readonly [key: Uint8Array, value: Uint8Array];

/** A put, or a delete if it has no value. */
export interface ModelWrite {
  /** The key to put or delete. */
  readonly key: Uint8Array;
  /** The value to put; undefined deletes the key. */
  readonly value: Uint8Array | undefined;
}

/** An immutable state of the model engine: sorted entries. */
export class ModelState {
  /** The state without entries. */
  static readonly empty = new ModelState([]);
  /** In strictly ascending key order. */
  readonly entries: readonly ModelEntry[];

  private constructor(entries: readonly ModelEntry[]) {
    this.entries = entries;
  }

  /** Returns the value of a key, not copied; undefined if the key is missing. */
  get(key: Uint8Array): Uint8Array | undefined {
    const entry = this.entries[this.lowerBound(key)];
    return entry !== undefined && compareBytes(entry[0], key) === 0 ? entry[1] : undefined;
  }

  /** The index of the first key that is not below `key`. */
  lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.entries[middle];
      if (entry !== undefined && compareBytes(entry[0], key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The state after some writes, of which the last to a key wins. */
  write(writes: readonly ModelWrite[]): ModelState {
    const sorted = writes
      .map((write, order) => ({ write, order }))
      .sort((a, b) => compareBytes(a.write.key, b.write.key) || a.order - b.order);
    const next: ModelEntry[] = [];
    let at = 0;
    for (const [index, { write }] of sorted.entries()) {
      const following = sorted[index + 1]?.write.key;
      if (following !== undefined && compareBytes(following, write.key) === 0) continue;
      const found = this.lowerBound(write.key);
      for (const entry of this.entries.slice(at, found)) next.push(entry);
      const present = this.entries[found];
      const isThere = present !== undefined && compareBytes(present[0], write.key) === 0;
      at = isThere ? found + 1 : found;
      if (write.value !== undefined) next.push([write.key, write.value]);
    }
    for (const entry of this.entries.slice(at)) next.push(entry);
    return new ModelState(next);
  }

  /** The state whose content inside the spans is exactly `entries`. Spans and entries must be sorted and valid. */
  replace(spans: readonly Span[], entries: readonly ModelEntry[]): ModelState {
    const kept: ModelEntry[] = [];
    let at = 0;
    for (const { start, end } of spans) {
      const from = this.lowerBound(start);
      for (const entry of this.entries.slice(at, from)) kept.push(entry);
      at = end === undefined ? this.entries.length : this.lowerBound(end);
    }
    for (const entry of this.entries.slice(at)) kept.push(entry);
    const merged = [...kept, ...entries].sort((a, b) => compareBytes(a[0], b[0]));
    return new ModelState(merged);
  }
}
