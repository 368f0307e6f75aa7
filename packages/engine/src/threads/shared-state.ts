// What threads share beside messages: words in shared memory, by which a thread learns at once what would else wait
// in its queue.

const WAITING = 0;
const RUNNING = 1;
const CANCELLED = 2;

/**
 * How far a thread is with a request: two Int32 that the thread and its sender share, the state and the number of
 * answers that the thread has sent before it put the request off. A request that waits is cancelled without the
 * thread, which may be busy for long.
 *
 * Invariant: a request either runs, or is cancelled while it does not; each side changes the state by a
 * compare-and-swap, so that both know which.
 */
export class RequestState {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** The thread takes the request up; false where it was cancelled before. */
  begin(): boolean {
    return Atomics.compareExchange(this.#words, 0, WAITING, RUNNING) === WAITING;
  }

  /** The thread has sent an answer and puts the request off; false where it was cancelled meanwhile. */
  pause(): boolean {
    Atomics.add(this.#words, 1, 1);
    return Atomics.compareExchange(this.#words, 0, RUNNING, WAITING) === RUNNING;
  }

  /** Asks the thread to end; true where it is not at the request and never will be. */
  cancel(): boolean {
    if (Atomics.compareExchange(this.#words, 0, WAITING, CANCELLED) === WAITING) return true;
    Atomics.store(this.#words, 0, CANCELLED);
    return false;
  }

  get isCancelled(): boolean {
    return Atomics.load(this.#words, 0) === CANCELLED;
  }

  /** Of a request that is put off: some may not have come yet. */
  get answers(): number {
    return Atomics.load(this.#words, 1);
  }
}

/** The next of the items that several threads work off: each takes one when it is done with one. */
export class ItemCounter {
  readonly memory: SharedArrayBuffer;
  readonly #word: Int32Array;
  readonly #count: number;

  /** @param count of the items */
  constructor(count: number, memory = new SharedArrayBuffer(4)) {
    this.memory = memory;
    this.#word = new Int32Array(memory);
    this.#count = count;
  }

  /** The index of an item that no other thread takes; undefined where none is left. */
  take(): number | undefined {
    const index = Atomics.add(this.#word, 0, 1);
    return index < this.#count ? index : undefined;
  }

  /** No further item is taken. */
  stop(): void {
    Atomics.store(this.#word, 0, this.#count);
  }

  get hasMore(): boolean {
    return Atomics.load(this.#word, 0) < this.#count;
  }
}
