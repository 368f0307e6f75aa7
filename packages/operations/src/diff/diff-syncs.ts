// Compares two syncs record by record, by a merge of their keys, which both engines hold in the same order.
//
// Two records are equal if all fields are equal, except ignored ones. Index entries follow from the records, and the
// run and the statistics describe the sync, so none of them is compared.
import {
  compareBytes,
  type EngineSnapshot,
  type ReadableEngine,
  type SharingReader,
  type Span,
  subtractSpans,
  takeSnapshot,
} from '@sstitch/contract';
import {
  bucketLayout,
  bucketSpan,
  parseSyncId,
  RECORD_BUCKETS,
  SYNC_ID_LENGTH_BYTES,
} from '@sstitch/keys';
import type { CountedBucket } from '@sstitch/records';
import { EntryCursor } from '../entries/entry-cursor.js';
import type { ReadView } from '../entries/entry-pages.js';
import { throwIfAborted } from '../errors.js';
import type { OperationOptions } from '../progress.js';
import {
  changedFields,
  haveSameBytes,
  type IgnoredFields,
  ignoredFields,
} from './compare-values.js';
import { RecordChange } from './record-change.js';

/** A sync to read. */
export interface SyncInput {
  /** The engine that holds the sync. */
  readonly engine: ReadableEngine;
  /** The sync to read. */
  readonly syncId: string;
  /** The state of the engine to read. @defaultValue the state when the reading begins */
  readonly snapshot?: EngineSnapshot | undefined;
}

/** Options of {@link diffSyncs}. */
export interface DiffSyncsOptions extends OperationOptions {
  /** The buckets to compare. @defaultValue all five that hold records */
  readonly buckets?: readonly CountedBucket[] | undefined;
  /**
   * Fields to ignore, by their names in the .proto file. The sync id is always ignored.
   * @defaultValue discovered_at, which each sync sets
   */
  readonly ignore?: readonly string[] | undefined;
}

/** The numbers of records of a bucket that differ. */
export interface BucketChanges {
  /** Records that only the later sync holds. */
  added: number;
  /** Records that only the earlier sync holds. */
  removed: number;
  /** Records that both hold, with different fields. */
  changed: number;
  /** Equal records, except those in tables that both sides share, which are not read. */
  unchanged: number;
}

/** The counts by bucket. Buckets that were not compared have no member. */
export type DiffCounts = { readonly [B in CountedBucket]?: Readonly<BucketChanges> };

/** The buckets of records, in the order in which they are compared. */
const COMPARED = RECORD_BUCKETS as readonly CountedBucket[];
const DEFAULT_IGNORED = ['discovered_at'];
/** Records between two calls of `onProgress`. */
const RECORDS_PER_EVENT = 10_000;

/**
 * Finds the changes from one sync to another, bucket by bucket in key order. The syncs may be in one engine or in two,
 * and may have different ids. Nothing is read before the iteration. Each iteration reads both syncs as of its
 * beginning, a page at a time. If both have the same id, ranges that the engines know to be equal are not read
 * (`SharingReader`): read-only stores skip tables that are the same file.
 *
 * @throws KeysError SSTITCH_SYNC_ID_INVALID; from the iteration {@link OperationsError} SSTITCH_ABORTED, RecordsError
 * SSTITCH_RECORD_UNDECODABLE
 */
export function diffSyncs(
  before: SyncInput,
  after: SyncInput,
  options: DiffSyncsOptions = {},
): SyncDiff {
  for (const { syncId } of [before, after]) parseSyncId(syncId);
  return new SyncDiff(before, after, options);
}

/** The changes between two syncs, and their counts. */
export class SyncDiff implements AsyncIterable<RecordChange> {
  readonly #before: SyncInput;
  readonly #after: SyncInput;
  readonly #options: DiffSyncsOptions;
  #counts: { [B in CountedBucket]?: BucketChanges } = {};

  /** Use {@link diffSyncs}. */
  constructor(before: SyncInput, after: SyncInput, options: DiffSyncsOptions) {
    this.#before = before;
    this.#after = after;
    this.#options = options;
  }

  /** The counts of the latest iteration, which are complete when it has ended. */
  get counts(): DiffCounts {
    return this.#counts;
  }

  /** Reads all changes and returns their counts. */
  async count(): Promise<DiffCounts> {
    for await (const _change of this);
    return this.#counts;
  }

  /** Yields the changes, bucket by bucket in key order. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RecordChange, void, undefined> {
    const { signal, buckets = COMPARED } = this.#options;
    throwIfAborted(signal);
    this.#counts = {};
    const snapshots: EngineSnapshot[] = [];
    try {
      const views: ReadView[] = [];
      for (const { engine, snapshot: given } of [this.#before, this.#after]) {
        const snapshot = given ?? (await takeSnapshot(engine));
        if (given === undefined) snapshots.push(snapshot);
        views.push({ engine, snapshot, signal });
      }
      const [before, after] = views as [ReadView, ReadView];
      const progress = new DiffProgress(this.#options);
      for (const bucket of COMPARED) {
        if (!buckets.includes(bucket)) continue;
        const counts = { added: 0, removed: 0, changed: 0, unchanged: 0 };
        this.#counts[bucket] = counts;
        yield* this.#diffBucket(bucket, before, after, counts, progress);
      }
      progress.end();
    } finally {
      for (const snapshot of snapshots) await snapshot.close();
    }
  }

  async #cursors(
    bucket: CountedBucket,
    before: ReadView,
    after: ReadView,
  ): Promise<readonly [EntryCursor, EntryCursor]> {
    const [old, present] = [this.#before, this.#after].map(({ syncId }) =>
      bucketSpan(bucket, syncId),
    ) as [Span, Span];
    if (this.#before.syncId !== this.#after.syncId) {
      return [new EntryCursor(before, [old]), new EntryCursor(after, [present])];
    }
    const spans = await unsharedSpans(before, after, old, this.#options.signal);
    return [new EntryCursor(before, spans), new EntryCursor(after, spans)];
  }

  async *#diffBucket(
    bucket: CountedBucket,
    before: ReadView,
    after: ReadView,
    counts: BucketChanges,
    progress: DiffProgress,
  ): AsyncGenerator<RecordChange, void, undefined> {
    const ignored = ignoredFields(bucket, this.#options.ignore ?? DEFAULT_IGNORED);
    const skipped = bucketLayout(bucket).prefix.length + SYNC_ID_LENGTH_BYTES;
    const [left, right] = await this.#cursors(bucket, before, after);
    try {
      for (;;) {
        if (left.needsPage || right.needsPage) await Promise.all([left.fill(), right.fill()]);
        const old = left.entry;
        const present = right.entry;
        if (old === undefined && present === undefined) return;
        const order =
          old === undefined
            ? 1
            : present === undefined
              ? -1
              : compareBytes(old[0].subarray(skipped), present[0].subarray(skipped));
        if (order <= 0) left.advance();
        if (order >= 0) right.advance();
        progress.step();
        if (present === undefined || (old !== undefined && order < 0)) {
          counts.removed += 1;
          if (old !== undefined) yield RecordChange.removed(bucket, old);
        } else if (old === undefined || order > 0) {
          counts.added += 1;
          yield RecordChange.added(bucket, present);
        } else {
          const change = changeOf(bucket, old, present, ignored);
          if (change === undefined) counts.unchanged += 1;
          else {
            counts.changed += 1;
            yield change;
          }
        }
      }
    } finally {
      await Promise.all([left.close(), right.close()]);
    }
  }
}

/** Returns the spans to read on both sides, without those that both engines know to be equal. */
async function unsharedSpans(
  before: ReadView,
  after: ReadView,
  span: Span,
  signal: AbortSignal | undefined,
): Promise<readonly Span[]> {
  const { sharedSpans } = before.engine as Partial<SharingReader>;
  if (sharedSpans === undefined) return [span];
  const shared = await sharedSpans.call(before.engine, after.engine, [span], { signal });
  return subtractSpans(span, shared);
}

function changeOf<B extends CountedBucket>(
  bucket: B,
  before: readonly [Uint8Array, Uint8Array],
  after: readonly [Uint8Array, Uint8Array],
  ignored: IgnoredFields,
): RecordChange<B> | undefined {
  if (haveSameBytes(before[1], after[1], ignored)) return undefined;
  const change = RecordChange.changed(bucket, before, after, (old, present) =>
    changedFields(bucket, old, present, ignored),
  );
  return change.fields.length === 0 ? undefined : change;
}

class DiffProgress {
  readonly #report: DiffSyncsOptions['onProgress'];
  #records = 0;

  constructor({ onProgress }: DiffSyncsOptions) {
    this.#report = onProgress;
  }

  step(): void {
    this.#records += 1;
    if (this.#records % RECORDS_PER_EVENT === 0) this.end();
  }

  end(): void {
    this.#report?.({ records: this.#records, keys: this.#records });
  }
}
