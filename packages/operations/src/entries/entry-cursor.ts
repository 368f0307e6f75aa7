// Walks the entries of spans without a promise for each, and reads the next page meanwhile.
import type { Span } from '@sstitch/contract';
import { type Entry, entryPages, type ReadView } from './entry-pages.js';

/** A position in the entries of some spans. Its entry is known once `fill` has settled. */
export class EntryCursor {
  readonly #pages: AsyncGenerator<readonly Entry[], void, undefined>;
  #next: Promise<IteratorResult<readonly Entry[], void>>;
  #page: readonly Entry[] = [];
  #index = 0;
  #isAtEnd = false;

  constructor(view: ReadView, spans: readonly Span[]) {
    this.#pages = entryPages(view, spans);
    this.#next = this.#read();
  }

  /** Whether `fill` must be called before `entry` is read. */
  get needsPage(): boolean {
    return this.#index >= this.#page.length && !this.#isAtEnd;
  }

  /** The current entry, or undefined at the end. */
  get entry(): Entry | undefined {
    return this.#page[this.#index];
  }

  advance(): void {
    this.#index += 1;
  }

  async fill(): Promise<void> {
    if (!this.needsPage) return;
    const { value, done } = await this.#next;
    this.#index = 0;
    this.#page = value ?? [];
    this.#isAtEnd = done === true;
    if (!this.#isAtEnd) this.#next = this.#read();
  }

  async close(): Promise<void> {
    await this.#next.catch(() => undefined);
    await this.#pages.return();
  }

  #read(): Promise<IteratorResult<readonly Entry[], void>> {
    const next = this.#pages.next();
    // The `fill` that waits for the page, if any, reports a failure.
    next.catch(() => undefined);
    return next;
  }
}
