// Iterators and snapshots of a ClusterStore. An iterator without a snapshot has a view of its own, made with it; one of
// a snapshot reads the snapshot's view.
import { compareBytes, keyAfter, type SnapshotOptions, type Span } from '@sstitch/contract';
import { AbstractIterator, type AbstractLevel, AbstractSnapshot } from 'abstract-level';
import { orAborted } from '../errors.js';
import type { View } from '../protocol/log-client.js';
import { readRange, type VisibleEntry } from '../runs/read-range.js';
import type { RunReader } from '../runs/run-reader.js';
import { giveTurn } from './event-loop-turns.js';
import { type EncodedRange, spanOfRange } from './range.js';

/** A store with any encodings, which iterators do not use. */
export type AnyStore = AbstractLevel<Uint8Array, unknown, unknown>;

/** Options of an iterator as abstract-level passes them: encoded. */
export interface EncodedIteratorOptions extends EncodedRange {
  readonly keys: boolean;
  readonly values: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A key and a value; undefined where the options exclude it, which abstract-level's types do not express. */
type Item = [Uint8Array, Uint8Array];

/** A call of `nextv` returns before its size is reached once it has this many bytes. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

export class ClusterIterator extends AbstractIterator<AnyStore, Uint8Array, Uint8Array> {
  readonly #reader: RunReader;
  readonly #view: View;
  readonly #ownsView: boolean;
  readonly #options: EncodedIteratorOptions;
  readonly #span: Span;
  #pages: AsyncGenerator<VisibleEntry[], void, undefined> | undefined;
  /** The part of the span that `seek` left; undefined if there is none. */
  #rest: Span | undefined;
  #page: readonly VisibleEntry[] = [];
  #at = 0;
  /** The key of the last entry that was returned since `seek`. */
  #last: Uint8Array | undefined;

  constructor(
    store: AnyStore,
    options: EncodedIteratorOptions,
    source: { readonly reader: RunReader; readonly view: View; readonly ownsView: boolean },
  ) {
    super(store, options as object);
    this.#reader = source.reader;
    this.#view = source.view;
    this.#ownsView = source.ownsView;
    this.#options = options;
    this.#span = spanOfRange(options);
    this.#rest = this.#span;
  }

  async _next(): Promise<Item | undefined> {
    const entry = await this.#entry();
    return entry === undefined ? undefined : this.#take(entry);
  }

  async _nextv(size: number): Promise<Item[]> {
    const items: Item[] = [];
    let bytes = 0;
    while (items.length < size && bytes < MAX_PAGE_BYTES) {
      const entry = await this.#entry().catch((error: unknown) => {
        if (items.length === 0 || this.#options.signal?.aborted) throw error;
        // The next call reads again.
        return undefined;
      });
      if (entry === undefined) break;
      // The rest of the page needs no further waits.
      for (
        let next: VisibleEntry | undefined = entry;
        next !== undefined;
        next = this.#page[this.#at]
      ) {
        if (items.length === size) break;
        bytes += next.key.length + next.value.length;
        items.push(this.#take(next));
      }
    }
    return items;
  }

  /** The current entry, read if necessary. */
  async #entry(): Promise<VisibleEntry | undefined> {
    const { signal } = this.#options;
    try {
      return await orAborted(this.#readEntry(), signal);
    } catch (error) {
      if (signal?.aborted) throw levelAbortError(signal);
      throw error;
    }
  }

  async #readEntry(): Promise<VisibleEntry | undefined> {
    if (this.#at >= this.#page.length) await giveTurn();
    while (this.#at >= this.#page.length) {
      if (this.#rest === undefined) return undefined;
      this.#pages ??= readRange(this.#reader, await this.#view.state(), this.#rest, this.#options);
      const next = await this.#pages.next().catch((error: unknown) => {
        this.#resume();
        throw error;
      });
      if (next.done) return undefined;
      this.#page = next.value;
      this.#at = 0;
    }
    return this.#page[this.#at];
  }

  /** A generator that has thrown is at its end: the next read starts a new one, after the last entry. */
  #resume(): void {
    this.#pages = undefined;
    const rest = this.#rest;
    const last = this.#last;
    if (rest === undefined || last === undefined) return;
    const { reverse } = this.#options;
    this.#rest = reverse
      ? { start: rest.start, end: last }
      : { start: keyAfter(last), end: rest.end };
  }

  /** Moves past the current entry. Returns a copy, as its bytes may be a cached block's. */
  #take({ key, value }: VisibleEntry): Item {
    this.#at += 1;
    this.#last = key;
    const { keys, values } = this.#options;
    return [
      keys ? new Uint8Array(key) : undefined,
      values ? new Uint8Array(value) : undefined,
    ] as unknown as Item;
  }

  _seek(target: Uint8Array): void {
    this.#end();
    const { start, end } = this.#span;
    const isInside =
      compareBytes(start, target) <= 0 && (end === undefined || compareBytes(target, end) < 0);
    const { reverse } = this.#options;
    const span = reverse
      ? { start, end: keyAfter(target) }
      : { start: new Uint8Array(target), end };
    this.#rest = isInside ? span : undefined;
  }

  #end(): void {
    // The close does not wait for reads in progress: they hold no resources.
    this.#pages?.return().catch(() => undefined);
    this.#pages = undefined;
    this.#page = [];
    this.#at = 0;
    this.#last = undefined;
  }

  async _close(): Promise<void> {
    this.#end();
    if (this.#ownsView) this.#view.release();
  }
}

/** The error that abstract-level itself throws for a signal, with the signal's reason. */
function levelAbortError({ reason }: AbortSignal): Error {
  const error = new Error('Operation has been aborted', { cause: reason });
  return Object.assign(error, { name: 'AbortError', code: 'LEVEL_ABORTED' });
}

/** abstract-level's types omit the constructor that implementations call. */
const SnapshotBase = AbstractSnapshot as unknown as new (options: object) => AbstractSnapshot;

export class ClusterSnapshot extends SnapshotBase {
  /** The store that it belongs to. Other stores refuse it. */
  readonly store: AnyStore;
  readonly view: View;
  /** Whether commits can depend on it. */
  readonly isWatching: boolean;

  constructor(store: AnyStore, options: SnapshotOptions, view: View) {
    super(options);
    this.store = store;
    this.view = view;
    this.isWatching = options.watch !== undefined;
  }

  async _close(): Promise<void> {
    this.view.release();
  }
}
