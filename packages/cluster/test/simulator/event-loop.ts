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
  runUntil(isDone: () => boolean, limitMs: number): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    return inTurns(() => {
      if (isDone()) return true;
      const event = this.#pop();
      if (event === undefined) throw new Error('nothing will happen any more: an operation hangs');
      if (event.atMs > endMs) throw new Error(`an operation hangs: ${limitMs} ms were not enough`);
      this.#nowMs = event.atMs;
      this.#run += 1;
      event.run();
      return false;
    });
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

const TURNS_AT_ONCE = 128;

/**
 * Takes turns until one returns true or throws. Before each, every promise that can settle has settled: Node does all
 * that promises start after each callback of `setImmediate`, and the code under test uses no timers of its own. Turns
 * are scheduled many at once, because each round of Node's own event loop costs more than a turn.
 */
function inTurns(take: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const turn = () => {
      if (isOver) return;
      try {
        if (!take()) return;
        resolve();
      } catch (error) {
        reject(error);
      }
      isOver = true;
    };
    const schedule = () => {
      if (isOver) return;
      for (let count = 0; count < TURNS_AT_ONCE; count += 1) setImmediate(turn);
      setImmediate(schedule);
    };
    schedule();
  });
}
