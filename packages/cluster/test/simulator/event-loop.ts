interface Event {
  readonly atMs: number;
  readonly number: number;
  readonly run: () => void;
}

/** Simulated time: events in the order of their times, and of their making. */
export class EventLoop {
  #nowMs = 0;
  #made = 0;
  #run = 0;
  #events: Event[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many events there were. */
  get count(): number {
    return this.#run;
  }

  after(delayMs: number, run: () => void): void {
    this.#made += 1;
    this.#push({ atMs: this.#nowMs + Math.max(0, delayMs), number: this.#made, run });
  }

  /**
   * Runs events until `isDone`, each with all that its promises start.
   *
   * @throws if that does not happen within `limitMs` of simulated time
   */
  async runUntil(isDone: () => boolean, limitMs: number): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    await settle();
    while (!isDone()) {
      const event = this.#pop();
      if (event === undefined) throw new Error('nothing will happen any more: an operation hangs');
      if (event.atMs > endMs) throw new Error(`an operation hangs: ${limitMs} ms were not enough`);
      this.#nowMs = event.atMs;
      this.#run += 1;
      event.run();
      await settle();
    }
  }

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#events;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) {
        child += 1;
      }
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number);
}

/** Fulfils when every promise that can settle has settled: the code under test uses no timers of its own. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
