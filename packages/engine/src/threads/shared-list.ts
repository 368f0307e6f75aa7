// A list that several threads work off: each takes the next item when it is done with one, by a counter in
// shared memory, so that no message is waited for between two items, and all end at about the same time.

export interface SharedList<T> {
  /** None of them undefined. */
  readonly items: readonly T[];
  /** One Int32: the index of the next item. Behind the last: nothing is left, or somebody has failed. */
  readonly next: SharedArrayBuffer;
}

export function sharedList<T>(items: readonly T[]): SharedList<T> {
  return { items, next: new SharedArrayBuffer(4) };
}

/** Takes items, with their indexes, each when it is asked for, until there are none. */
export function* takeEach<T>({ items, next }: SharedList<T>): Generator<readonly [number, T]> {
  const counter = new Int32Array(next);
  for (;;) {
    const index = Atomics.add(counter, 0, 1);
    const item = items[index];
    if (item === undefined) return;
    yield [index, item];
  }
}

/** Takes all that is left, so that nobody begins any more. */
export function takeRest({ items, next }: SharedList<unknown>): void {
  Atomics.store(new Int32Array(next), 0, items.length);
}

/** Whether an item is left that nobody has taken. */
export function hasRest({ items, next }: SharedList<unknown>): boolean {
  return Atomics.load(new Int32Array(next), 0) < items.length;
}
