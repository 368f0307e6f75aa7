// Words in shared memory through which threads see a change at once. A message would wait in a queue.

const WAITING = 0;
const RUNNING = 1;
const CANCELLED = 2;

/**
 * The state of a request: two Int32 that the thread and the sender share. The first is the state; the second counts the
 * answers that the thread sent before it paused the request. A sender can cancel a waiting request without the thread,
 * which may be busy for long.
 *
 * Invariant: a request runs, or it was cancelled while it did not run. Each side changes the state by compare-and-swap,
 * so that both know which.
 */
export class RequestState {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Called by the thread to begin or resume the request. Returns false if the request is cancelled. */
  begin(): boolean {
    return Atomics.compareExchange(this.#words, 0, WAITING, RUNNING) === WAITING;
  }

  /** Called by the thread after an answer, to pause the request. Returns false if the request is cancelled. */
  pause(): boolean {
    Atomics.add(this.#words, 1, 1);
    return Atomics.compareExchange(this.#words, 0, RUNNING, WAITING) === RUNNING;
  }

  /** Called by the sender. Returns true if the thread is not running the request and never will. */
  cancel(): boolean {
    for (;;) {
      if (Atomics.compareExchange(this.#words, 0, WAITING, CANCELLED) === WAITING) return true;
      // The thread can pause or resume the request between the two exchanges: then try both again.
      if (Atomics.compareExchange(this.#words, 0, RUNNING, CANCELLED) !== WAITING) return false;
    }
  }

  get isCancelled(): boolean {
    return Atomics.load(this.#words, 0) === CANCELLED;
  }

  /** The number of answers that the thread has sent before it paused. Some may not have arrived. */
  get answers(): number {
    return Atomics.load(this.#words, 1);
  }
}

/** Distributes items over several threads: each thread takes the next item when it has finished one. */
export class ItemCounter {
  readonly memory: SharedArrayBuffer;
  readonly #word: Int32Array;
  readonly #count: number;

  /** @param count the number of items */
  constructor(count: number, memory = new SharedArrayBuffer(4)) {
    this.memory = memory;
    this.#word = new Int32Array(memory);
    this.#count = count;
  }

  /** Returns the index of an item that no other thread takes, or undefined if none is left. */
  take(): number | undefined {
    const index = Atomics.add(this.#word, 0, 1);
    return index < this.#count ? index : undefined;
  }

  /** Makes `take` return undefined from now on. */
  stop(): void {
    Atomics.store(this.#word, 0, this.#count);
  }

  get hasMore(): boolean {
    return Atomics.load(this.#word, 0) < this.#count;
  }
}
