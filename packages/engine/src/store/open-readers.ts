// The iterators and snapshots that are open on a store's generations, and what becomes of forgotten ones.
//
// abstract-level keeps each of them in a set until it is closed, so that closing the database closes it. One that
// is forgotten would never be collected, and keep its generation, a directory of tables, until the store closes.
// Here a stand-in is in that set, which refers to the reader weakly. A reader that was collected can be read no
// more, nor is a read of it under way, as that would refer to it: what it kept is released.
//
// Invariant: what a reader keeps is released once: when it is closed, or when it was collected.
import {
  AbstractIterator,
  AbstractKeyIterator,
  type AbstractResource,
  AbstractSnapshot,
  AbstractValueIterator,
} from 'abstract-level';
import type { Generation } from './generation.js';

export type ReaderKind = 'iterator' | 'snapshot';

type Closable = Pick<AbstractResource, 'close'>;

/** A reader that was never closed, and what it kept was released: detail of the event `forgotten`. */
export interface ForgottenReader {
  readonly kind: ReaderKind;
  /** Number of the generation that it kept. */
  readonly generation: number;
  readonly openMs: number;
  /** Where it was created, with `readerStacks`. */
  readonly stack: string | undefined;
}

/** What iterators and snapshots keep of the past. */
export interface HeldMetrics {
  /** Past generations, each a directory of files, that readers keep. */
  readonly generations: number;
  /** Iterators and snapshots that keep them. */
  readonly readers: number;
  /** How long ago the oldest of these readers was created, in milliseconds; 0 where there is none. */
  readonly oldestMs: number;
  /** Readers that were collected without having been closed, since the store was opened. */
  readonly forgotten: number;
  /** Where these readers were created, oldest first and each place once; empty without `readerStacks`. */
  readonly stacks: readonly string[];
}

/** What a reader keeps. It must not refer to the reader. */
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

  /** Closes LevelDB's iterator or snapshot and lets the generation go. */
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

/** In abstract-level's set in a reader's place. */
class StandIn implements AbstractResource {
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
  /** Takes a stand-in out of abstract-level's set. */
  readonly detach: (standIn: AbstractResource) => void;
  readonly readerStacks: boolean;
  /** Must not throw. */
  readonly onForgotten: (reader: ForgottenReader) => void;
}

export class OpenReaders {
  readonly #options: OpenReadersOptions;
  readonly #standIns = new WeakMap<object, StandIn>();
  /** In the order of their creation. */
  readonly #holds = new Set<ReaderHold>();
  readonly #collected = new FinalizationRegistry<StandIn>((standIn) => this.#release(standIn));
  #forgotten = 0;

  constructor(options: OpenReadersOptions) {
    this.#options = options;
  }

  /** What abstract-level is to keep until the resource is closed: others than readers as they are. */
  attach(resource: AbstractResource): AbstractResource {
    if (!isReader(resource)) return resource;
    const known = this.#standIns.get(resource);
    if (known !== undefined) return known;
    const standIn = new StandIn(resource);
    this.#standIns.set(resource, standIn);
    this.#collected.register(resource, standIn, standIn);
    return standIn;
  }

  /** What abstract-level keeps for the resource, which has been closed. */
  detach(resource: AbstractResource): AbstractResource {
    const standIn = this.#standIns.get(resource);
    if (standIn === undefined) return resource;
    this.#collected.unregister(standIn);
    this.#standIns.delete(resource);
    return standIn;
  }

  /** A reader of a generation opens; `attach` has seen it. Its `close` is to end what this gives. */
  open(
    reader: object,
    kind: ReaderKind,
    generation: Generation,
    inner: Closable | undefined,
  ): { end(): Promise<void> } {
    const stack = this.#options.readerStacks ? creationStack() : undefined;
    const hold = new ReaderHold(kind, generation, inner, stack);
    this.#holds.add(hold);
    const standIn = this.#standIns.get(reader);
    if (standIn !== undefined) standIn.hold = hold;
    return {
      end: async () => {
        this.#holds.delete(hold);
        await hold.end();
      },
    };
  }

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

  /** The reader was collected and never closed. */
  #release(standIn: StandIn): void {
    this.#options.detach(standIn);
    const { hold } = standIn;
    // A wrapper around a reader, whose own stand-in follows.
    if (hold === undefined || !this.#holds.delete(hold)) return;
    this.#forgotten++;
    // It fails where the generation cannot be closed, which the close of the store tells.
    hold.end().catch(() => undefined);
    const { kind, generation, openedAt, stack } = hold;
    const openMs = performance.now() - openedAt;
    this.#options.onForgotten({ kind, generation: generation.number, openMs, stack });
  }
}

/** The iterators and snapshots of this engine, and abstract-level's own around them. */
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
