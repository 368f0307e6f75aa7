// The view that questions are asked of, until a newer one takes its place: questions that are open go on with theirs,
// which is closed after the last of them.
import { ExploreError } from '../errors.js';
import { StoreView } from './store-view.js';

/** A view that can be renewed. */
export class CurrentView {
  readonly location: string;
  #view: StoreView;
  /** Open questions of the current view. */
  #questions = new Set<Promise<unknown>>();
  #refreshing: Promise<void> | undefined;
  /** Past views on their way out. */
  readonly #closing = new Set<Promise<void>>();
  #isClosed = false;

  private constructor(view: StoreView) {
    this.location = view.location;
    this.#view = view;
  }

  /** @throws EngineError as `openReadOnly` */
  static async open(location: string, signal?: AbortSignal): Promise<CurrentView> {
    return new CurrentView(await StoreView.open(location, signal));
  }

  /** Asks something of the view as it is now, which stays open until the answer is there. */
  async use<T>(ask: (view: StoreView) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closed();
    const questions = this.#questions;
    const question = ask(this.#view);
    questions.add(question);
    try {
      return await question;
    } finally {
      questions.delete(question);
    }
  }

  /** Takes a view of the store as it is now. Several at a time are one. */
  refresh(): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Closes all views, once the questions that are open have ended. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#refreshing?.catch(() => undefined);
    this.#retire();
    await Promise.all(this.#closing);
  }

  async #refresh(): Promise<void> {
    const next = await StoreView.open(this.location);
    this.#retire();
    this.#view = next;
    this.#questions = new Set();
  }

  #retire(): void {
    const view = this.#view;
    const closing = Promise.allSettled(this.#questions)
      .then(() => view.close())
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    // Whoever closes the whole hears of a failure.
    closing.catch(() => undefined);
  }
}

function closed(): ExploreError {
  return new ExploreError('SSTITCH_ABORTED', 'the page is being closed');
}
