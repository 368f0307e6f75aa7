// What the compactor, the record store and the conformance suite need of any engine.
//
// An engine is an ordered map of byte strings, compared bytewise. It reads and writes as an
// abstract-level database does (the members below are a subset of abstract-level's, so that every
// abstract-level database has them already) and adds one verb, `replaceSpans`. Nothing here speaks
// of files, LevelDB or this machine: a distributed store can implement it. What only some engines
// can do (tables, links, checkpoints) they declare in `capabilities`.
//
// Guarantees, each of which the conformance suite in @sstitch/testkit checks:
//
// 1. Order. `iterator` gives keys in ascending bytewise order (descending with `reverse`), each once.
// 2. Agreement. `get` of a key gives what iteration shows under it, at all times. (A `Store` has one exception,
//    by LevelDB's own compactions while snapshots hold many versions of a key: docs/guarantees.md says when
//    it ends. 4 has the same.)
// 3. Batches are atomic: a reader, and a crash, sees all of a batch's operations or none. Within a
//    batch the last operation on a key wins.
// 4. Read your writes: what was acknowledged before a read began is seen by it.
// 5. Views. A snapshot, and an iterator from its creation on, show one state: later writes and
//    replacements never show in it, nor do they make it fail, until it is closed.
// 6. replaceSpans is atomic over all its spans: every reader and every crash sees all spans as they
//    were or all spans as the entries say. Outside the spans it changes nothing. Writes that were
//    acknowledged before it began are overwritten inside the spans; writes issued after its promise
//    fulfilled win. A write concurrent with it is ordered before it or after it, as a whole. Calls
//    are serialised.
// 7. A failed or aborted replaceSpans leaves the state as it was. If an engine cannot know whether
//    it took effect (a failed fsync of the commit point), it says so and refuses further writes.
//    An aborted one rejects with an AbortError: its `name` is "AbortError", its `cause` the signal's reason.
// 8. Durability. What replaceSpans acknowledged survives a power cut. A batch does with `sync: true`.
import type { Span } from './spans.js';

/** Keys and values go in and come out as Uint8Array, whatever the database's own default encodings. */
export interface ByteEncodings {
  readonly keyEncoding: 'view';
  readonly valueEncoding: 'view';
}

/** The encodings to pass with every call of an engine. */
export const byteEncodings: ByteEncodings = Object.freeze({
  keyEncoding: 'view',
  valueEncoding: 'view',
});

/** A state of the engine, which later writes do not change; abstract-level's `AbstractSnapshot`. */
export interface EngineSnapshot {
  /** Work with the snapshot begins: `close` waits for its `unref`. */
  ref(): void;
  unref(): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ByteReadOptions extends ByteEncodings {
  readonly snapshot?: EngineSnapshot | undefined;
}

export interface ByteIteratorOptions extends ByteReadOptions {
  readonly gt?: Uint8Array;
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
  /** @defaultValue false */
  readonly reverse?: boolean;
  /** @defaultValue -1, no limit */
  readonly limit?: number;
  /** @defaultValue true */
  readonly keys?: boolean;
  /** @defaultValue true */
  readonly values?: boolean;
  readonly signal?: AbortSignal;
}

/** An ordered read over one state of the engine. */
export interface ByteIterator {
  next(): Promise<[Uint8Array, Uint8Array] | undefined>;
  /** Up to `size` entries; an empty array at the end. */
  nextv(size: number): Promise<Array<[Uint8Array, Uint8Array]>>;
  close(): Promise<void>;
}

export interface BytePut {
  readonly type: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface ByteDelete {
  readonly type: 'del';
  readonly key: Uint8Array;
}

export type ByteOperation = BytePut | ByteDelete;

export interface ByteBatchOptions extends ByteEncodings {
  /** Return only when the batch survives a power cut. @defaultValue false */
  readonly sync?: boolean;
}

/** The reading half of the contract: what a source of records must offer. Any abstract-level database does. */
export interface ReadableEngine {
  get(key: Uint8Array, options: ByteReadOptions): Promise<Uint8Array | undefined>;
  getMany(keys: Uint8Array[], options: ByteReadOptions): Promise<Array<Uint8Array | undefined>>;
  iterator(options: ByteIteratorOptions): ByteIterator;
  snapshot(): EngineSnapshot;
  readonly status: string;
}

/** The reading and the writing half. Any abstract-level database offers these. */
export interface ReadWriteEngine extends ReadableEngine {
  batch(operations: ByteOperation[], options: ByteBatchOptions): Promise<void>;
}

/** What an engine can do beyond the contract. */
export interface EngineCapabilities {
  /** It has `extract` and `ingestAndExcise`: whole tables move without their records being read. */
  readonly tables: boolean;
  /** It has `checkpoint`. */
  readonly checkpoint: boolean;
}

/** Sorted entries, in pages so that millions of them cost few turns of the event loop. */
export type EntryPages = AsyncIterable<
  ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>
>;

/** With `byteEncodings`, as all calls of an engine whose own encodings may be others. */
export interface ReplaceSpansOptions extends Partial<ByteEncodings> {
  /** Until the commit, aborting leaves the engine as it was. */
  readonly signal?: AbortSignal;
}

export interface ReplaceSpansResult {
  /** How many entries the spans hold now. */
  readonly entries: number;
  /** How long writers waited. */
  readonly pauseMs: number;
  readonly durationMs: number;
}

/** The whole contract. */
export interface Engine extends ReadWriteEngine {
  readonly capabilities: EngineCapabilities;
  /**
   * From then on the engine holds, inside `spans`, exactly `entries`.
   *
   * @param spans disjoint half-open ranges, in ascending order
   * @param entries in strictly ascending key order, each inside one of the spans
   */
  replaceSpans(
    spans: readonly Span[],
    entries: EntryPages,
    options?: ReplaceSpansOptions,
  ): Promise<ReplaceSpansResult>;
}
