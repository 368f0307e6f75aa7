// Tracks the readers (iterators and snapshots) that are open on a store's generations, and releases those that the
// application never closes.
//
// abstract-level keeps each reader in a set until it is closed, so that closing the database closes it. A reader that
// is never closed would therefore never be collected, and would keep its generation, a directory of tables, until the
// store closes. The store puts a proxy into that set instead, which refers to the reader weakly. Once a reader was
// collected, it can no longer be read, and no read is in progress, as that would refer to it: its hold is released.
//
// Invariant: a hold is released exactly once, when its reader is closed or collected.
import {
  AbstractIterator,
  AbstractKeyIterator,
  type AbstractResource,
  AbstractSnapshot,
  AbstractValueIterator,
} from 'abstract-level';
import type { Generation } from './generation.js';

/** The kinds of readers that keep a generation. */
export type ReaderKind = 'iterator' | 'snapshot';

type Closable = Pick<AbstractResource, 'close'>;

/** A reader that was garbage-collected without having been closed; the detail of the event `forgotten`. */
export interface ForgottenReader {
  /** Whether it was an iterator or a snapshot. */
  readonly kind: ReaderKind;
  /** The number of the generation that it kept. */
  readonly generation: number;
  /** How long it was open. */
  readonly openMs: number;
  /** The stack of its creation. Undefined without the option `readerStacks`. */
  readonly stack: string | undefined;
}

/** The past generations that iterators and snapshots keep. */
export interface HeldMetrics {
  /** How many past generations, each a directory of files, readers keep. */
  readonly generations: number;
  /** How many iterators and snapshots keep them. */
  readonly readers: number;
  /** The age of the oldest of these readers, in milliseconds; 0 if there is none. */
  readonly oldestMs: number;
  /** How many readers were collected without having been closed, since the store was opened. */
  readonly forgotten: number;
  /** The distinct stacks of these readers' creation, oldest first. Empty without the option `readerStacks`. */
  readonly stacks: readonly string[];
}

/** A reader's hold on its generation. It must not refer to the reader. */
export class ReaderHold {
  readonly kind: ReaderKind;
  readonly generation: Generation;
  readonly openedAt = performance.now();
  readonly stack: string | undefined;
  readonly #inner: Closable | undefined;
  #end: Promise<void> | undefined;

  constructor(
    kind: ReaderKind,
    generation: Generation,
    inner: Closable | undefined,
    stack: string | undefined,
  ) {
    this.kind = kind;
    this.generation = generation;
    this.stack = stack;
    this.#inner = inner;
    generation.retain();
  }

  /** Closes LevelDB's iterator or snapshot and releases the generation. Later calls return the same promise. */
  end(): Promise<void> {
    this.#end ??= this.#release();
    return this.#end;
  }

  async #release(): Promise<void> {
    try {
      await this.#inner?.close();
    } finally {
      this.generation.release();
    }
  }
}

/** Takes a reader's place in abstract-level's set. */
class ReaderProxy implements AbstractResource {
  readonly #reader: WeakRef<AbstractResource>;
  hold: ReaderHold | undefined;

  constructor(reader: AbstractResource) {
    this.#reader = new WeakRef(reader);
  }

  async close(): Promise<void> {
    await (this.#reader.deref()?.close() ?? this.hold?.end());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export interface OpenReadersOptions {
  /** Removes a proxy from abstract-level's set. */
  readonly detach: (proxy: AbstractResource) => void;
  readonly readerStacks: boolean;
  /** Called when a reader was collected without having been closed. It must not throw. */
  readonly onForgotten: (reader: ForgottenReader) => void;
}

/** The readers that are open on one store. */
export class OpenReaders {
  readonly #options: OpenReadersOptions;
  readonly #proxies = new WeakMap<object, ReaderProxy>();
  /** In order of creation. */
  readonly #holds = new Set<ReaderHold>();
  readonly #collected = new FinalizationRegistry<ReaderProxy>((proxy) => this.#release(proxy));
  #forgotten = 0;

  constructor(options: OpenReadersOptions) {
    this.#options = options;
  }

  /** Returns what abstract-level keeps until the resource is closed: a reader's proxy, or another resource itself. */
  attach(resource: AbstractResource): AbstractResource {
    if (!isReader(resource)) return resource;
    const known = this.#proxies.get(resource);
    if (known !== undefined) return known;
    const proxy = new ReaderProxy(resource);
    this.#proxies.set(resource, proxy);
    this.#collected.register(resource, proxy, proxy);
    return proxy;
  }

  /** Returns what `attach` returned for the resource, which is closed now. */
  detach(resource: AbstractResource): AbstractResource {
    const proxy = this.#proxies.get(resource);
    if (proxy === undefined) return resource;
    this.#collected.unregister(proxy);
    this.#proxies.delete(resource);
    return proxy;
  }

  /**
   * Registers a reader's hold on a generation. `attach` has been called with the reader. The reader's `close` calls
   * `end` of the result.
   */
  open(
    reader: object,
    kind: ReaderKind,
    generation: Generation,
    inner: Closable | undefined,
  ): { end(): Promise<void> } {
    const stack = this.#options.readerStacks ? creationStack() : undefined;
    const hold = new ReaderHold(kind, generation, inner, stack);
    this.#holds.add(hold);
    const proxy = this.#proxies.get(reader);
    if (proxy !== undefined) proxy.hold = hold;
    return {
      end: async () => {
        this.#holds.delete(hold);
        await hold.end();
      },
    };
  }

  /** Reports the holds on past generations. */
  held(): HeldMetrics {
    const holds = [...this.#holds].filter(({ generation }) => generation.retired);
    const [oldest] = holds;
    return {
      generations: new Set(holds.map(({ generation }) => generation)).size,
      readers: holds.length,
      oldestMs: oldest === undefined ? 0 : performance.now() - oldest.openedAt,
      forgotten: this.#forgotten,
      stacks: [...new Set(holds.flatMap(({ stack }) => stack ?? []))],
    };
  }

  /** Releases the hold of a reader that was collected without having been closed. */
  #release(proxy: ReaderProxy): void {
    this.#options.detach(proxy);
    const { hold } = proxy;
    // Without a hold the resource wraps a reader, which is collected with a proxy of its own.
    if (hold === undefined || !this.#holds.delete(hold)) return;
    this.#forgotten++;
    // It fails if the generation cannot be closed, which the close of the store reports.
    hold.end().catch(() => undefined);
    const { kind, generation, openedAt, stack } = hold;
    const openMs = performance.now() - openedAt;
    this.#options.onForgotten({ kind, generation: generation.number, openMs, stack });
  }
}

/** Whether a resource is an iterator or a snapshot of this engine, or abstract-level's wrapper of one. */
function isReader(resource: AbstractResource): boolean {
  return (
    resource instanceof AbstractIterator ||
    resource instanceof AbstractKeyIterator ||
    resource instanceof AbstractValueIterator ||
    resource instanceof AbstractSnapshot
  );
}

function creationStack(): string {
  const [, ...frames] = new Error().stack?.split('\n') ?? [];
  return frames.map((frame) => frame.trim()).join('\n');
}
