// The simplest implementation of the engine contract: a model to compare real engines with, and an engine for
// tests without a disk.
// Invariants: the current state is immutable and is replaced as a whole; a snapshot or an iterator refers to
// one state. All bytes are copied on the way in and out, so neither side sees the other reuse a buffer.
import {
  type ByteBatchOptions,
  type ByteIterator,
  type ByteIteratorOptions,
  type ByteOperation,
  type ByteReadOptions,
  byteEncodings,
  compareBytes,
  type Engine,
  type EngineCapabilities,
  type EntryPages,
  type ReplaceSpansOptions,
  type ReplaceSpansResult,
  type Span,
  spanContains,
} from '@sstitch/contract';
import { toHex } from '@sstitch/keys';
import { type AbstractLevel, AbstractSnapshot } from 'abstract-level';
import { TestkitError, throwIfAborted } from './errors.js';
import { type ModelEntry, ModelState } from './model-state.js';

/** An engine in memory that implements the contract without regard to speed. */
export class ModelEngine implements Engine {
  /** What the model offers beyond the contract: nothing. */
  readonly capabilities: EngineCapabilities = { tables: false, checkpoint: false };
  readonly #resources = new Set<{ close(): Promise<void> }>();
  #state = ModelState.empty;
  #status: 'open' | 'closed' = 'open';
  #replacements: Promise<unknown> = Promise.resolve();

  /** Creates an engine that holds these entries. */
  constructor(entries: Iterable<ModelEntry> = []) {
    const writes = [...entries].map(([key, value]) => ({ key: copy(key), value: copy(value) }));
    this.#state = ModelState.empty.write(writes);
  }

  /** Whether the engine is 'open' or 'closed'. */
  get status(): string {
    return this.#status;
  }

  /** The current state, which later writes do not change. */
  get state(): ModelState {
    return this.#state;
  }

  /** Reads a copy of a value from the current state or a snapshot's; undefined if the key is missing. */
  async get(key: Uint8Array, options?: ByteReadOptions): Promise<Uint8Array | undefined> {
    const value = this.#stateOf(options).get(key);
    return value === undefined ? undefined : copy(value);
  }

  /** Reads copies of values, in the order of the keys; undefined for each missing key. */
  async getMany(
    keys: Uint8Array[],
    options?: ByteReadOptions,
  ): Promise<Array<Uint8Array | undefined>> {
    const state = this.#stateOf(options);
    return keys.map((key) => {
      const value = state.get(key);
      return value === undefined ? undefined : copy(value);
    });
  }

  /** Iterates over the state at the time of the call, or a snapshot's. Close it. */
  iterator(options: ByteIteratorOptions = byteEncodings): ByteIterator {
    const iterator = new ModelIterator(this.#stateOf(options), options, () => {
      this.#resources.delete(iterator);
    });
    this.#resources.add(iterator);
    return iterator;
  }

  /** Keeps the current state for reads. Close it. */
  snapshot(): AbstractSnapshot {
    this.#checkOpen();
    const owner = {
      attachResource: (resource: ModelSnapshot) => this.#resources.add(resource),
      detachResource: (resource: ModelSnapshot) => this.#resources.delete(resource),
    };
    return new ModelSnapshot(owner, this.#state);
  }

  /** Applies puts and deletes as one new state. */
  async batch(operations: ByteOperation[], _options?: ByteBatchOptions): Promise<void> {
    this.#checkOpen();
    this.#state = this.#state.write(
      operations.map((operation) => ({
        key: copy(operation.key),
        value: operation.type === 'put' ? copy(operation.value) : undefined,
      })),
    );
  }

  /**
   * Implements the contract's `replaceSpans`.
   *
   * @throws TestkitError SSTITCH_SPANS_INVALID, SSTITCH_ENTRIES_INVALID, SSTITCH_ABORTED
   */
  replaceSpans(
    spans: readonly Span[],
    entries: EntryPages,
    options: ReplaceSpansOptions = {},
  ): Promise<ReplaceSpansResult> {
    const started = performance.now();
    const replaced = this.#replacements.then(async () => {
      this.#checkOpen();
      const checked = checkSpans(spans);
      const held = await collectEntries(checked, entries, options.signal);
      const paused = performance.now();
      this.#checkOpen();
      this.#state = this.#state.replace(checked, held);
      const ended = performance.now();
      return { entries: held.length, pauseMs: ended - paused, durationMs: ended - started };
    });
    this.#replacements = replaced.catch(() => undefined);
    return replaced;
  }

  /** Closes the engine with its iterators and snapshots. */
  async close(): Promise<void> {
    this.#status = 'closed';
    for (const resource of [...this.#resources]) await resource.close();
  }

  #stateOf(options: ByteReadOptions | undefined): ModelState {
    this.#checkOpen();
    const snapshot = options?.snapshot;
    if (snapshot == null) return this.#state;
    if (!(snapshot instanceof ModelSnapshot)) {
      throw new TestkitError('SSTITCH_OPTION_INVALID', 'the snapshot belongs to another engine');
    }
    // Throws if the snapshot is closed, as abstract-level does.
    snapshot.ref();
    snapshot.unref();
    return snapshot.state;
  }

  #checkOpen(): void {
    if (this.#status === 'open') return;
    throw new TestkitError('SSTITCH_CLOSED', 'the engine is closed');
  }
}

interface SnapshotOwner {
  attachResource(resource: ModelSnapshot): void;
  detachResource(resource: ModelSnapshot): void;
}

/** abstract-level's types lack the constructor that implementations call. */
const SnapshotBase = AbstractSnapshot as unknown as new (options: {
  owner: Pick<AbstractLevel<unknown>, never>;
}) => AbstractSnapshot;

class ModelSnapshot extends SnapshotBase {
  readonly state: ModelState;

  constructor(owner: SnapshotOwner, state: ModelState) {
    super({ owner });
    this.state = state;
  }
}

class ModelIterator implements ByteIterator {
  readonly #entries: readonly ModelEntry[];
  readonly #options: ByteIteratorOptions;
  readonly #closed: () => void;
  #at = 0;
  #isOpen = true;

  constructor(state: ModelState, options: ByteIteratorOptions, closed: () => void) {
    this.#entries = entriesInRange(state, options);
    this.#options = options;
    this.#closed = closed;
  }

  async next(): Promise<[Uint8Array, Uint8Array] | undefined> {
    return (await this.nextv(1))[0];
  }

  async nextv(size: number): Promise<Array<[Uint8Array, Uint8Array]>> {
    const { keys = true, values = true, signal } = this.#options;
    if (!this.#isOpen) throw new TestkitError('SSTITCH_CLOSED', 'the iterator is closed');
    throwIfAborted(signal);
    const page = this.#entries.slice(this.#at, this.#at + Math.max(1, size));
    this.#at += page.length;
    return page.map(([key, value]) => {
      const entry = [keys ? copy(key) : undefined, values ? copy(value) : undefined];
      // A key or value that was not requested is undefined, as in abstract-level, whose types do not say so either.
      return entry as [Uint8Array, Uint8Array];
    });
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#closed();
  }
}

function entriesInRange(state: ModelState, options: ByteIteratorOptions): readonly ModelEntry[] {
  const { gt, gte, lt, lte, reverse = false, limit = -1 } = options;
  const entries = state.entries.filter(
    ([key]) =>
      (gt === undefined || compareBytes(key, gt) > 0) &&
      (gte === undefined || compareBytes(key, gte) >= 0) &&
      (lt === undefined || compareBytes(key, lt) < 0) &&
      (lte === undefined || compareBytes(key, lte) <= 0),
  );
  if (reverse) entries.reverse();
  return limit >= 0 ? entries.slice(0, limit) : entries;
}

function checkSpans(spans: readonly Span[]): Span[] {
  let end: Uint8Array | undefined = new Uint8Array(0);
  return spans.map((span, index) => {
    const isInverted = span.end !== undefined && compareBytes(span.start, span.end) > 0;
    if (isInverted || end === undefined || compareBytes(span.start, end) < 0) {
      throw new TestkitError(
        'SSTITCH_SPANS_INVALID',
        `span ${index} ends before it starts, or starts before the previous span ends`,
      );
    }
    end = span.end === undefined ? undefined : copy(span.end);
    return { start: copy(span.start), end };
  });
}

async function collectEntries(
  spans: readonly Span[],
  pages: EntryPages,
  signal: AbortSignal | undefined,
): Promise<ModelEntry[]> {
  const held: ModelEntry[] = [];
  throwIfAborted(signal);
  for await (const page of pages) {
    throwIfAborted(signal);
    for (const [key, value] of page) {
      const last = held.at(-1);
      if (last !== undefined && compareBytes(last[0], key) >= 0) {
        throw new TestkitError('SSTITCH_ENTRIES_INVALID', `key ${toHex(key)} is out of order`);
      }
      if (!spans.some((span) => spanContains(span, key))) {
        throw new TestkitError('SSTITCH_ENTRIES_INVALID', `key ${toHex(key)} lies in no span`);
      }
      held.push([copy(key), copy(value)]);
    }
  }
  throwIfAborted(signal);
  return held;
}

function copy(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
