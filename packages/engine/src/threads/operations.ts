// The operations that a store has under way, so that closing it ends and awaits every one of them.
//
// Invariants:
// - an operation is in the set from before its first file operation until its clean-up has ended;
// - once the end has begun no operation begins;
// - once `end` has fulfilled none runs: nothing of this opening touches the store's directory any more.
import { setMaxListeners } from 'node:events';
import { EngineError } from '../errors.js';
import { asEngineError } from './task-errors.js';

export class Operations {
  readonly #path: string;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /** @param path what errors say is closed */
  constructor(path: string) {
    this.#path = path;
    // Each removal listens: of generations that retire there may be many.
    setMaxListeners(0, this.closing);
  }

  /** Fires when the end begins; its reason is an EngineError SSTITCH_STORE_CLOSED. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Fires when the caller's signal does or the end begins. */
  endingWith(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any([this.closing, ...(signal ? [signal] : [])]);
  }

  /** @throws EngineError SSTITCH_STORE_CLOSED once the end has begun */
  checkOpen(): void {
    if (this.closing.aborted) throw this.#closedError();
  }

  #closedError(): EngineError {
    return new EngineError('SSTITCH_STORE_CLOSED', 'the store is closed or closing', {
      path: this.#path,
    });
  }

  /**
   * Runs `work` as one operation. Operations nest.
   *
   * @throws EngineError SSTITCH_STORE_CLOSED once the end has begun, and what `work` throws
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.checkOpen();
    return this.track(work());
  }

  /** `run`, for file work: its errors become EngineErrors. */
  async runFileWork<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.run(work);
    } catch (error) {
      throw asEngineError(error);
    }
  }

  /** Counts what has begun already as an operation. */
  track<T>(work: Promise<T>): Promise<T> {
    const settled = () => this.#running.delete(work);
    this.#running.add(work);
    work.then(settled, settled);
    return work;
  }

  /** Aborts all operations; fulfils when every one has settled. */
  async end(): Promise<void> {
    this.#closing.abort(this.#closedError());
    // One that settles may have begun another.
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
