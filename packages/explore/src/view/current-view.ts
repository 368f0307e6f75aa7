// The current view of a store. A refresh replaces it; the replaced view closes after its last open question.
import { ExploreError } from '../errors.js';
import { StoreView } from './store-view.js';
import type { ViewSource } from './view-source.js';

/** A view of a store that can be refreshed. */
export class CurrentView {
  readonly source: ViewSource;
  #view: StoreView;
  #refreshing: Promise<void> | undefined;
  /** Replaced views that are not closed yet. */
  readonly #closing = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  private constructor(view: StoreView) {
    this.source = view.source;
    this.#view = view;
  }

  /** @throws the errors of the source */
  static async open(source: ViewSource, signal?: AbortSignal): Promise<CurrentView> {
    return new CurrentView(await StoreView.open(source, signal));
  }

  /** Asks a question of the current view and keeps the view open until it is answered. */
  async use<T>(ask: (view: StoreView) => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw closed();
    return this.#view.use(ask);
  }

  /** Replaces the view by one of the store as it is now. Concurrent calls share one refresh. */
  refresh(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closed());
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Closes all views after their open questions have ended. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#refreshing?.catch(() => undefined);
    this.#retire();
    const closing = [...this.#closing];
    await Promise.allSettled(closing);
    await Promise.all(closing);
  }

  async #refresh(): Promise<void> {
    const next = await StoreView.open(this.source);
    this.#retire();
    this.#view = next;
  }

  #retire(): void {
    const view = this.#view;
    const closing = view.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    // `close` awaits it and reports the failure.
    closing.catch(() => undefined);
  }
}

function closed(): ExploreError {
  return new ExploreError('SSTITCH_ABORTED', 'the page is being closed');
}
