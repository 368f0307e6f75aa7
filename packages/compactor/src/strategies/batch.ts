// The strategy `batch`, for small syncs: reads and merges both sides, and writes the difference in one atomic batch, of
// which readers, and recovery after a crash, see all or nothing.
//
// It makes no new generation, so it needs no links, no open, and only one fsync. But it reads both sides, leaves
// tombstones, and keeps the difference in memory. So its size is limited.
//
// On a base with the capability `conditions`, the batch depends on what was read: if another process has written to the
// syncs meanwhile, nothing is written. On other bases, a concurrent write to the same sync, between the read and the
// batch, remains, as if it had come after the compaction. Two compactions of a base never run concurrently in one
// process (turn.ts).
import {
  type ByteOperation,
  byteEncodings,
  compareBytes,
  equalBytes,
  type ReadWriteEngine,
  type Span,
} from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';
import type { Entry, SnapshotReader } from '../span-reader.js';
import type { SyncRange } from '../sync-ranges.js';

/** The limits of planning and keeping a batch. */
export interface BatchLimits {
  /** The number of entries read from both sides. */
  readonly entries: number;
  /** The size of the keys and values read from both sides. */
  readonly readBytes: number;
  /** The number of operations in the batch. */
  readonly operations: number;
  /** The size of the keys and values in the batch. */
  readonly bytes: number;
}

/** The difference between source and base, ready to be written. */
export interface PlannedBatch {
  readonly operations: readonly ByteOperation[];
  /** The size of the operations' keys and values. */
  readonly bytes: number;
  /** The number of the source's entries in all ranges. */
  readonly entries: number;
  /** The size of their keys and values. */
  readonly sourceBytes: number;
  readonly puts: number;
  readonly deletes: number;
  /** The operations on each range, in the order of the ranges. */
  readonly counts: ReadonlyArray<Readonly<SpanCounts>>;
  /** An operation that changes nothing. It is written if there is no other, so that its fsync covers earlier writes. */
  readonly anchor: ByteOperation;
}

interface SpanCounts {
  puts: number;
  deletes: number;
}

/** The outcome of planning a batch that exceeds a limit. */
export interface BatchTooLarge {
  /** The first limit that was exceeded. */
  readonly exceeded: keyof BatchLimits;
}

/**
 * The number of spans that are merged concurrently. Most of the time for a small sync is spent waiting for LevelDB's
 * threads, twice for each span.
 */
const CONCURRENT_SPANS = 13;

/**
 * Reads and merges both sides, until done or a limit is exceeded.
 *
 * @param isTooLarge planning ends when it fulfils with true. @defaultValue false
 */
export async function planBatch(
  source: SnapshotReader,
  base: SnapshotReader,
  ranges: readonly SyncRange[],
  limits: BatchLimits,
  isTooLarge: Promise<boolean> = Promise.resolve(false),
): Promise<PlannedBatch | BatchTooLarge> {
  const draft = new BatchDraft(limits);
  const giveUp = () => {
    draft.exceeded ??= 'entries';
  };
  const asking = isTooLarge.then((isLarge) => {
    if (isLarge) giveUp();
  });
  asking.catch(giveUp);
  const [planned, asked] = await Promise.allSettled([
    planInto(draft, source, base, ranges),
    asking,
  ]);
  if (planned.status === 'rejected') throw planned.reason;
  if (asked.status === 'rejected') throw asked.reason;
  // Even if planning had finished before: the same sizes must always yield the same plan.
  return draft.exceeded === undefined ? planned.value : { exceeded: draft.exceeded };
}

async function planInto(
  draft: BatchDraft,
  source: SnapshotReader,
  base: SnapshotReader,
  ranges: readonly SyncRange[],
): Promise<PlannedBatch | BatchTooLarge> {
  const counts = ranges.map((): SpanCounts => ({ puts: 0, deletes: 0 }));
  for (let first = 0; first < ranges.length; first += CONCURRENT_SPANS) {
    const group = ranges.slice(first, first + CONCURRENT_SPANS);
    // The operations of concurrent spans interleave, which is harmless, as no two have the same key. All spans settle
    // before an error is thrown, as the caller then closes the snapshots.
    const merged = await Promise.allSettled(
      group.map(({ span }, index) =>
        mergeSpan(source, base, span, draft, counts[first + index] ?? { puts: 0, deletes: 0 }),
      ),
    );
    for (const outcome of merged) if (outcome.status === 'rejected') throw outcome.reason;
    if (draft.exceeded !== undefined) return { exceeded: draft.exceeded };
  }
  const start = ranges[0]?.span.start ?? new Uint8Array(0);
  return {
    operations: draft.operations,
    bytes: draft.bytes,
    entries: draft.sourceEntries,
    sourceBytes: draft.sourceBytes,
    puts: counts.reduce((sum, { puts }) => sum + puts, 0),
    deletes: counts.reduce((sum, { deletes }) => sum + deletes, 0),
    counts,
    // Without an anchor neither side has an entry, so deleting a key changes nothing.
    anchor: draft.anchor ?? { type: 'del', key: start },
  };
}

/** Writes the batch and fsyncs it. @param view what the batch was planned on */
export async function writeBatch(
  base: ReadWriteEngine,
  { operations, anchor }: PlannedBatch,
  view: SnapshotReader,
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfAborted(signal);
  // Entries that are equal on both sides may have been written to the base without an fsync, so write something.
  const written = operations.length > 0 ? [...operations] : [anchor];
  await base.batch(written, { ...byteEncodings, ...view.unchanged, sync: true });
}

class BatchDraft {
  readonly #limits: BatchLimits;
  readonly operations: ByteOperation[] = [];
  bytes = 0;
  sourceEntries = 0;
  sourceBytes = 0;
  anchor: ByteOperation | undefined;
  exceeded: keyof BatchLimits | undefined;
  #entries = 0;
  #readBytes = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  countRead(page: readonly Entry[]): void {
    this.#entries += page.length;
    for (const [key, value] of page) this.#readBytes += key.byteLength + value.byteLength;
    if (this.#entries > this.#limits.entries) this.exceeded ??= 'entries';
    if (this.#readBytes > this.#limits.readBytes) this.exceeded ??= 'readBytes';
  }

  put([key, value]: Entry): void {
    this.#add({ type: 'put', key, value }, key.byteLength + value.byteLength);
  }

  delete(key: Uint8Array): void {
    this.#add({ type: 'del', key }, key.byteLength);
  }

  #add(operation: ByteOperation, bytes: number): void {
    this.operations.push(operation);
    this.bytes += bytes;
    if (this.operations.length > this.#limits.operations) this.exceeded ??= 'operations';
    if (this.bytes > this.#limits.bytes) this.exceeded ??= 'bytes';
  }
}

async function mergeSpan(
  sourceView: SnapshotReader,
  baseView: SnapshotReader,
  span: Span,
  draft: BatchDraft,
  counts: SpanCounts,
): Promise<void> {
  const source = new PageCursor(sourceView.pages(span), draft);
  const base = new PageCursor(baseView.pages(span), draft);
  try {
    while (draft.exceeded === undefined) {
      // Await only at the end of a page.
      if (source.needsPage || base.needsPage) await Promise.all([source.fill(), base.fill()]);
      const wanted = source.entry;
      const held = base.entry;
      if (wanted === undefined && held === undefined) return;
      const order =
        wanted === undefined ? 1 : held === undefined ? -1 : compareBytes(wanted[0], held[0]);
      if (wanted !== undefined && order <= 0) {
        const isEqual = order === 0 && held !== undefined && equalBytes(wanted[1], held[1]);
        if (!isEqual) {
          draft.put(wanted);
          counts.puts++;
        }
        draft.anchor ??= { type: 'put', key: wanted[0], value: wanted[1] };
        draft.sourceEntries++;
        draft.sourceBytes += wanted[0].byteLength + wanted[1].byteLength;
        source.advance();
      }
      if (held !== undefined && order >= 0) {
        if (order > 0) {
          draft.delete(held[0]);
          counts.deletes++;
        }
        base.advance();
      }
    }
  } finally {
    await Promise.all([source.close(), base.close()]);
  }
}

/** Iterates over the entries of pages, without a promise for each entry. */
class PageCursor {
  readonly #pages: AsyncGenerator<readonly Entry[], void, void>;
  readonly #draft: BatchDraft;
  #page: readonly Entry[] = [];
  #index = 0;
  #ended = false;

  constructor(pages: AsyncGenerator<readonly Entry[], void, void>, draft: BatchDraft) {
    this.#pages = pages;
    this.#draft = draft;
  }

  get needsPage(): boolean {
    return this.#index >= this.#page.length && !this.#ended;
  }

  /** The current entry, or undefined at the end. */
  get entry(): Entry | undefined {
    return this.#page[this.#index];
  }

  advance(): void {
    this.#index++;
  }

  async fill(): Promise<void> {
    if (!this.needsPage) return;
    const { value, done } = await this.#pages.next();
    this.#index = 0;
    this.#page = value ?? [];
    this.#ended = done === true;
    this.#draft.countRead(this.#page);
  }

  async close(): Promise<void> {
    await this.#pages.return();
  }
}
