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
// 9. Conditions, if `capabilities.conditions` says so. A commit with `ifUnchanged` takes effect only if nothing has
//    written to the spans that the snapshot watches since its state, except commits with the same snapshot as their
//    condition. Otherwise it changes nothing, then or later, and rejects with the code SSTITCH_COMMIT_CONFLICT. An
//    engine may also reject a commit whose spans are unchanged, but not again and again.
import type { Span } from './spans.js';

/** Encodings that make keys and values Uint8Arrays, whatever the database's default encodings are. */
export interface ByteEncodings {
  /** Makes keys Uint8Arrays. */
  readonly keyEncoding: 'view';
  /** Makes values Uint8Arrays. */
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
  /** Releases what `ref` kept. */
  unref(): void;
  /** Releases the state. Reads of it fail afterwards. */
  close(): Promise<void>;
  /** Closes the snapshot, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of `snapshot`. */
export interface SnapshotOptions {
  /**
   * The spans, sorted and disjoint, on which commits with this snapshot as `ifUnchanged` depend. Only an engine with
   * the capability `conditions` watches them. @defaultValue none
   */
  readonly watch?: readonly Span[];
}

/** An option of commits, for engines with the capability `conditions`. Others ignore it. */
export interface CommitCondition {
  /**
   * Commits only if the spans that this open snapshot watches are as it shows them, but for commits that had the same
   * snapshot as their condition (guarantee 9). @defaultValue no condition
   */
  readonly ifUnchanged?: EngineSnapshot | undefined;
}

/** Options of `get` and `getMany`. */
export interface ByteReadOptions extends ByteEncodings {
  /** The state to read. @defaultValue the current state */
  readonly snapshot?: EngineSnapshot | undefined;
}

/** Options of `iterator`. */
export interface ByteIteratorOptions extends ByteReadOptions {
  /** The greatest key before the range. */
  readonly gt?: Uint8Array;
  /** The first key of the range. @defaultValue no lower bound */
  readonly gte?: Uint8Array;
  /** The smallest key after the range. @defaultValue no upper bound */
  readonly lt?: Uint8Array;
  /** The last key of the range. */
  readonly lte?: Uint8Array;
  /** Whether to read in descending order. @defaultValue false */
  readonly reverse?: boolean;
  /** The most entries to read. @defaultValue -1, no limit */
  readonly limit?: number;
  /** Whether to read keys. @defaultValue true */
  readonly keys?: boolean;
  /** Whether to read values. @defaultValue true */
  readonly values?: boolean;
  /** About how many bytes of entries `nextv` returns at most; an engine may ignore it. @defaultValue the engine's own */
  readonly highWaterMarkBytes?: number;
  /** Aborts pending reads. */
  readonly signal?: AbortSignal;
}

/** An ordered read over one state of the engine. */
export interface ByteIterator {
  /** Returns the next entry, or undefined at the end. */
  next(): Promise<[Uint8Array, Uint8Array] | undefined>;
  /** Returns up to `size` entries; an empty array at the end. */
  nextv(size: number): Promise<Array<[Uint8Array, Uint8Array]>>;
  /** Ends the read and releases its state. */
  close(): Promise<void>;
}

/** An operation of a batch that writes an entry. */
export interface BytePut {
  /** The kind of operation. */
  readonly type: 'put';
  /** The key to write. */
  readonly key: Uint8Array;
  /** The new value. */
  readonly value: Uint8Array;
}

/** An operation of a batch that deletes an entry. */
export interface ByteDelete {
  /** The kind of operation. */
  readonly type: 'del';
  /** The key to delete, which may be absent. */
  readonly key: Uint8Array;
}

/** An operation of a batch. */
export type ByteOperation = BytePut | ByteDelete;

/** Options of `batch`. */
export interface ByteBatchOptions extends ByteEncodings, CommitCondition {
  /** Fulfil only when the batch survives a power cut. @defaultValue false */
  readonly sync?: boolean;
}

/** The reading half of the contract: what a source of records must provide. Every abstract-level database does. */
export interface ReadableEngine {
  /** Returns the value of a key, or undefined. */
  get(key: Uint8Array, options: ByteReadOptions): Promise<Uint8Array | undefined>;
  /** Returns the values of keys, in the order of the keys. */
  getMany(keys: Uint8Array[], options: ByteReadOptions): Promise<Array<Uint8Array | undefined>>;
  /** Reads a range of entries. The caller closes the iterator. */
  iterator(options: ByteIteratorOptions): ByteIterator;
  /** Takes a snapshot, which the caller closes. The engine must be open (`takeSnapshot` waits for that). */
  snapshot(options?: SnapshotOptions): EngineSnapshot;
  /** The state of the engine: `opening`, `open`, `closing` or `closed`. */
  readonly status: string;
}

/** The reading and the writing half of the contract. Every abstract-level database provides them. */
export interface ReadWriteEngine extends ReadableEngine {
  /** Applies all operations atomically. */
  batch(operations: ByteOperation[], options: ByteBatchOptions): Promise<void>;
}

/** What an engine can do beyond the contract. */
export interface EngineCapabilities {
  /** The engine has `extract` and `ingestAndExcise`: whole tables move without their records being read. */
  readonly tables: boolean;
  /** The engine has `checkpoint`. */
  readonly checkpoint: boolean;
  /**
   * Several processes write to the engine at the same time: what a caller has read may have changed when its batch is
   * committed. @defaultValue false
   */
  readonly shared?: boolean;
  /** Commits can depend on what was read: `watch` of snapshots and `ifUnchanged` of commits. @defaultValue false */
  readonly conditions?: boolean;
}

/** Sorted entries in pages, so that millions of them take few turns of the event loop. */
export type EntryPages = AsyncIterable<
  ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]>
>;

/** Options of `replaceSpans`. Pass {@link byteEncodings} with them: the engine's own encodings may differ. */
export interface ReplaceSpansOptions extends Partial<ByteEncodings>, CommitCondition {
  /** Aborts the replacement until the commit point; the engine is then as it was. */
  readonly signal?: AbortSignal;
}

/** The result of `replaceSpans`. */
export interface ReplaceSpansResult {
  /** How many entries the spans hold after the replacement. */
  readonly entries: number;
  /** How long writers waited. */
  readonly pauseMs: number;
  /** How long the call took. */
  readonly durationMs: number;
}

/** The whole contract; the top of this file lists its guarantees. */
export interface Engine extends ReadWriteEngine {
  /** What the engine can do beyond the contract. */
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
