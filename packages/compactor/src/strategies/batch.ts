// Strategy `batch`: for small syncs. Both sides are read and merged; what differs goes into one
// atomic write batch: readers, and crashes, see all of it or none.
//
// It is the one strategy without a new generation, so it costs no links, no open and one fsync; but
// it reads both sides, leaves tombstones, and holds the whole difference in memory. Hence its bounds.
//
// A write to the same sync that comes in between the read and the batch is not undone: as if it had
// come after the compaction. Two compactions never run so: see turn.ts.
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

/** How much a batch may cost to plan and to hold. */
export interface BatchLimits {
  /** Entries read, of both sides together. */
  readonly entries: number;
  /** Bytes of keys and values read, of both sides together. */
  readonly readBytes: number;
  readonly operations: number;
  /** Bytes of keys and values in the batch. */
  readonly bytes: number;
}

/** The difference between source and base, ready to be written. */
export interface PlannedBatch {
  readonly operations: readonly ByteOperation[];
  /** Bytes of its keys and values. */
  readonly bytes: number;
  /** Entries of the source in all ranges. */
  readonly entries: number;
  /** Bytes of their keys and values. */
  readonly sourceBytes: number;
  readonly puts: number;
  readonly deletes: number;
  /** For each range, in the order given. */
  readonly counts: ReadonlyArray<Readonly<SpanCounts>>;
  /** Changes nothing; written where nothing else is, so that the sync covers earlier writes. */
  readonly anchor: ByteOperation;
}

interface SpanCounts {
  puts: number;
  deletes: number;
}

export interface BatchTooLarge {
  /** The limit that was met first. */
  readonly exceeded: keyof BatchLimits;
}

/**
 * Spans that are merged at a time. A small sync costs waiting for LevelDB's threads, twice a span,
 * and little else.
 */
const CONCURRENT_SPANS = 13;

/**
 * Reads both sides and merges them, until done or a limit is met.
 *
 * @param isTooLarge what is being found out otherwise: where it is true, no more is read
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
  // Also where the last page came just before: the same sizes always give the same plan.
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
    // Their operations mix, which is no harm: no two are on the same key. All have ended before an
    // error is thrown: the caller closes the snapshots then.
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
    // With no entry in the source and none to delete, the base holds nothing there to begin with.
    anchor: draft.anchor ?? { type: 'del', key: start },
  };
}

/** Writes the batch, durably. */
export async function writeBatch(
  base: ReadWriteEngine,
  { operations, anchor }: PlannedBatch,
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfAborted(signal);
  // What is equal on both sides may have been written to the base without a sync.
  const written = operations.length > 0 ? [...operations] : [anchor];
  await base.batch(written, { ...byteEncodings, sync: true });
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
      // Only at the end of a page is there anything to await.
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

/** Walks pages entry by entry, without a promise for each entry. */
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

  /** Undefined at the end. */
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
