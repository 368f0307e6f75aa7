/** A binary heap: the first item in order is on top. */
export class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #isBefore: (a: Item, b: Item) => boolean;

  constructor(isBefore: (a: Item, b: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get top(): Item | undefined {
    return this.#items[0];
  }

  /** The children of the top, one of which would be on top if the top were removed. */
  get left(): Item | undefined {
    return this.#items[1];
  }

  get right(): Item | undefined {
    return this.#items[2];
  }

  push(item: Item): void {
    const items = this.#items;
    let child = items.length;
    items.push(item);
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if (!this.#isBefore(item, items[parent] as Item)) break;
      items[child] = items[parent] as Item;
      child = parent;
    }
    items[child] = item;
  }

  /** Removes the top item. */
  pop(): void {
    const items = this.#items;
    const last = items.pop();
    if (items.length === 0 || last === undefined) return;
    items[0] = last;
    this.sinkTop();
  }

  /** Restores the order after the top item has changed. */
  sinkTop(): void {
    const items = this.#items;
    const item = items[0];
    if (item === undefined) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= items.length) break;
      if (
        child + 1 < items.length &&
        this.#isBefore(items[child + 1] as Item, items[child] as Item)
      ) {
        child += 1;
      }
      if (!this.#isBefore(items[child] as Item, item)) break;
      items[parent] = items[child] as Item;
      parent = child;
    }
    items[parent] = item;
  }

  /** Removes all items; returns them in no particular order. */
  drain(): Item[] {
    return this.#items.splice(0);
  }
}
