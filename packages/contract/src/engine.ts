// The contract between an engine and its callers: the compactor, the record store and the conformance suite.
//
// An engine is an ordered map of byte strings, compared bytewise. It reads and writes as an abstract-level
// database does (the members below are a subset of abstract-level's, so every abstract-level database already
// has them) and adds one method, `replaceSpans`. Nothing here refers to files, LevelDB or one machine: a
// distributed store can implement it. An engine declares what it can do beyond the contract (tables,
// checkpoints) in `capabilities`.
//
// The conformance suite in @sstitch/testkit checks each of these guarantees:
//
// 1. Order. `iterator` returns keys in ascending bytewise order (descending with `reverse`), each once.
// 2. Agreement. `get` and iteration agree on every key at all times. (`Store` has one exception, which also
//    applies to 4: LevelDB's own compactions while snapshots hold many versions of a key. docs/guarantees.md
//    says when it ends.)
// 3. Batches are atomic: a reader, and a crash, sees all of a batch's operations or none. Within a
//    batch the last operation on a key wins.
// 4. Read your writes. A read sees every write that was acknowledged before it began.
// 5. Views. A snapshot, and an iterator from its creation on, show one state until they are closed: later
//    writes and replacements neither appear in it nor make a read of it fail.
// 6. replaceSpans is atomic over all its spans: every reader, and recovery after a crash, sees all spans as
//    they were or all spans as the entries say. It changes nothing outside the spans. It overwrites writes
//    inside the spans that were acknowledged before it began; writes issued after its promise fulfilled win. A
//    concurrent write is ordered, as a whole, before it or after it. Calls are serialised.
// 7. A replaceSpans that fails or is aborted leaves the state as it was. If an engine cannot know whether the
//    call took effect (the fsync of the commit point failed), its error says so and it refuses further writes.
//    An aborted call rejects with an AbortError: its `name` is "AbortError", its `cause` the signal's reason.
// 8. Durability. A replacement that was acknowledged survives a power cut. So does a batch with `sync: true`.
import type { Span } from './spans.js';

/** Encodings that make keys and values Uint8Arrays, whatever the database's default encodings are. */
export interface ByteEncodings {
  readonly keyEncoding: 'view';
  readonly valueEncoding: 'view';
}

/** The encodings to pass with every call to an engine. */
export const byteEncodings: ByteEncodings = Object.freeze({
  keyEncoding: 'view',
  valueEncoding: 'view',
});

/** A state of the engine that later writes do not change; abstract-level's `AbstractSnapshot`. */
export interface EngineSnapshot {
  /** Keeps the snapshot open: `close` waits until `unref` was called for every `ref`. */
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
  /** Returns up to `size` entries; an empty array at the end. */
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
  /** Fulfil only when the batch survives a power cut. @defaultValue false */
  readonly sync?: boolean;
}

/** The reading half of the contract: what a source of records must provide. Every abstract-level database does. */
export interface ReadableEngine {
  get(key: Uint8Array, options: ByteReadOptions): Promise<Uint8Array | undefined>;
  getMany(keys: Uint8Array[], options: ByteReadOptions): Promise<Array<Uint8Array | undefined>>;
  iterator(options: ByteIteratorOptions): ByteIterator;
  snapshot(): EngineSnapshot;
  readonly status: string;
}

/** The reading and the writing half of the contract. Every abstract-level database provides them. */
export interface ReadWriteEngine extends ReadableEngine {
  batch(operations: ByteOperation[], options: ByteBatchOptions): Promise<void>;
}

/** What an engine can do beyond the contract. */
export interface EngineCapabilities {
  /** The engine has `extract` and `ingestAndExcise`: whole tables move without their records being read. */
  readonly tables: boolean;
  /** The engine has `checkpoint`. */
  readonly checkpoint: boolean;
}

/** Sorted entries in pages, so that millions of them take few turns of the event loop. */
export type EntryPages = AsyncIterable<
  ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>
>;

/** Options of `replaceSpans`. Pass {@link byteEncodings} with them: the engine's own encodings may differ. */
export interface ReplaceSpansOptions extends Partial<ByteEncodings> {
  /** Aborts the replacement until the commit point; the engine is then as it was. */
  readonly signal?: AbortSignal;
}

export interface ReplaceSpansResult {
  /** How many entries the spans hold after the replacement. */
  readonly entries: number;
  /** How long writers waited. */
  readonly pauseMs: number;
  readonly durationMs: number;
}

/** The whole contract; the top of this file lists its guarantees. */
export interface Engine extends ReadWriteEngine {
  readonly capabilities: EngineCapabilities;
  /**
   * Replaces everything inside `spans` by `entries`, atomically (guarantee 6).
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
