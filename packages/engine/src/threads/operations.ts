// The operations in progress on an open store. Closing the store ends and awaits them.
//
// Invariants:
// - an operation is in the set from before its first file operation until its clean-up has ended;
// - once `end` was called, no operation begins;
// - once `end` has fulfilled, no operation runs, and this process does not touch the store's directory.
import { setMaxListeners } from 'node:events';
import { EngineError } from '../errors.js';
import { asEngineError } from './task-errors.js';

/** The operations of one open store. */
export class Operations {
  readonly #path: string;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /** @param path the store's path, for errors */
  constructor(path: string) {
    this.#path = path;
    // No limit of listeners: every removal of a past generation adds one.
    setMaxListeners(0, this.closing);
  }

  /** Fires when `end` is called. Its reason is an EngineError SSTITCH_STORE_CLOSED. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Returns a signal that fires when the caller's signal fires or `end` is called. */
  endingWith(signal: AbortSignal | undefined): AbortSignal {
    // Node 20 keeps something of each composed signal until the store closes.
    return signal === undefined ? this.closing : AbortSignal.any([this.closing, signal]);
  }

  /** @throws EngineError SSTITCH_STORE_CLOSED once `end` was called */
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
   * @throws EngineError SSTITCH_STORE_CLOSED once `end` was called; what `work` throws
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.checkOpen();
    return this.track(work());
  }

  /** Runs file work as one operation, and converts its errors to EngineErrors. */
  async runFileWork<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.run(work);
    } catch (error) {
      throw asEngineError(error);
    }
  }

  /** Adds work that has begun already to the operations. */
  track<T>(work: Promise<T>): Promise<T> {
    const settled = () => this.#running.delete(work);
    this.#running.add(work);
    work.then(settled, settled);
    return work;
  }

  /** Aborts all operations. Fulfils when all have settled. */
  async end(): Promise<void> {
    this.#closing.abort(this.#closedError());
    // An operation may have begun another one before it settled.
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
