// A list that several threads work off: each takes the next item when it is done with one, by a counter in
// shared memory, so that no message is waited for between two items, and all end at about the same time.

export interface SharedList<T> {
  readonly items: readonly T[];
  /** One Int32: the index of the next item. Behind the last: nothing is left, or somebody has failed. */
  readonly next: SharedArrayBuffer;
}

export function sharedList<T>(items: readonly T[]): SharedList<T> {
  return { items, next: new SharedArrayBuffer(4) };
}

/** Takes the index of the next item; undefined when there is none. */
export function takeNext({ items, next }: SharedList<unknown>): number | undefined {
  const index = Atomics.add(new Int32Array(next), 0, 1);
  return index < items.length ? index : undefined;
}

/** Takes all that is left, so that nobody begins any more. */
export function takeRest({ items, next }: SharedList<unknown>): void {
  Atomics.store(new Int32Array(next), 0, items.length);
}
