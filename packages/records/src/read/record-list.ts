// A list of records that can be iterated, read page by page, or counted.
//
// Invariants: each of these reads one state of the engine, its own or that of the given snapshot, so that a
// page shows a sync as it is before or after a replacement, never a mix. A cursor is a position in key order:
// the next page starts there, whatever the list then holds.
import {
  byteEncodings,
  type EngineSnapshot,
  type EntryPage,
  type ReadableEngine,
} from '@sstitch/contract';
import { type SyncIdBytes, syncRunKey, syncStatsKey } from '@sstitch/keys';
import { decodeRecord } from '../encoding/encode.js';
import { RecordsError } from '../errors.js';
import type { SyncStatsRecord } from '../gen/c1/storage/v3/records_pb.js';
import { formatCursor, type ListOrder, type Place, parseCursor } from './cursor.js';
import { checkLimit } from './limits.js';
import { countEntries, onSnapshot, scanPages, withSnapshot } from './scan.js';

/** The number of records in a page if neither it nor the list has a limit. */
export const DEFAULT_PAGE_RECORDS = 100;

/** Options of a list. */
export interface ListOptions<R> {
  /** The most records to return. @defaultValue no limit; 100 for a page */
  readonly limit?: number;
  /** Start after this record, in the order of the list. @defaultValue the whole list */
  readonly after?: R;
  /** List from the last record to the first. @defaultValue false */
  readonly reverse?: boolean;
  /** List this state of the engine. @defaultValue the state at the first read */
  readonly snapshot?: EngineSnapshot;
  /** Stops between two reads of the engine. */
  readonly signal?: AbortSignal;
}

/** Options of a page. */
export interface PageOptions {
  /** The most records in the page, at least 1. @defaultValue the list's limit, or 100 */
  readonly limit?: number;
  /** The cursor `next` or `previous` of another page of this list. @defaultValue the first page */
  readonly cursor?: string;
}

/** Some records of a list, in its order. */
export interface RecordPage<R> {
  /** The records of the page. */
  readonly records: R[];
  /** The cursor of the next page; undefined if no record follows. */
  readonly next: string | undefined;
  /** The cursor of the previous page; undefined if no record precedes. */
  readonly previous: string | undefined;
}

/** The source of a list. */
export interface ListSource<R> {
  /** The keys to read, and their order. */
  readonly order: ListOrder;
  /** Whether `read` needs the values of entries. */
  readonly readsValues: boolean;
  /** Reads the records of these entries, one for each. */
  read(entries: EntryPage, snapshot: EngineSnapshot): Promise<R[]>;
  /** The key of this record's entry in the list; undefined if it has none. */
  keyOf(record: R): Uint8Array | undefined;
  /** The number of records according to the statistics of the sync; absent if they do not say. */
  readonly counted?: { readonly syncId: SyncIdBytes; of(stats: SyncStatsRecord): bigint };
}

/** A list of records. It can be iterated once; pages and counts can be requested any number of times. */
export class RecordList<R> implements AsyncIterableIterator<R, void, undefined> {
  readonly #engine: ReadableEngine;
  readonly #source: ListSource<R>;
  readonly #options: ListOptions<R>;
  readonly #start: Place | undefined;
  readonly #records: AsyncGenerator<R, void, undefined>;

  constructor(engine: ReadableEngine, source: ListSource<R>, options: ListOptions<R>) {
    checkLimit(options.limit);
    this.#engine = engine;
    this.#source = source;
    this.#options = options;
    this.#start = startAfter(source, options.after);
    this.#records = withSnapshot(engine, options.snapshot, (snapshot) => this.#iterate(snapshot));
  }

  /** Returns the next record, which is read together with following ones. */
  next(): Promise<IteratorResult<R, void>> {
    return this.#records.next();
  }

  /** Ends the iteration and closes its snapshot. */
  return(): Promise<IteratorResult<R, void>> {
    return this.#records.return();
  }

  /** Returns the list itself, so that it can be iterated once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Reads some records of the list, with the cursors of the pages before and after them.
   *
   * Cursors outlive the process and later writes. A page shows the state at the time of its read: it includes
   * records put since its cursor was made and, after a replacement of the sync, continues in the new records
   * after the same key. To read one state throughout, pass a snapshot to the list.
   *
   * @throws {@link RecordsError} SSTITCH_CURSOR_INVALID on a cursor of another list (another sync, index or
   * order) and on any other text; SSTITCH_OPTION_INVALID; the errors of iteration.
   */
  page(options: PageOptions = {}): Promise<RecordPage<R>> {
    return onSnapshot(this.#engine, this.#options.snapshot, (snapshot) =>
      this.#page(snapshot, options),
    );
  }

  /**
   * Counts the records of the list, ignoring `limit` and `after`. The counts of a sync that has ended come from
   * its statistics if these have them; everything else is counted entry by entry, until the signal fires.
   */
  count(): Promise<number> {
    const { snapshot: given, signal } = this.#options;
    return onSnapshot(this.#engine, given, async (snapshot) => {
      const known = await this.#countFromStats(snapshot);
      return known ?? countEntries(this.#engine, this.#source.order.span, { snapshot, signal });
    });
  }

  async *#iterate(snapshot: EngineSnapshot): AsyncGenerator<R, void, undefined> {
    for await (const entries of this.#scan(snapshot, this.#start, this.#options.limit)) {
      yield* await this.#source.read(entries, snapshot);
    }
  }

  async #page(snapshot: EngineSnapshot, options: PageOptions): Promise<RecordPage<R>> {
    const { limit = this.#options.limit ?? DEFAULT_PAGE_RECORDS, cursor } = options;
    checkLimit(limit, 1);
    const { order } = this.#source;
    const place = cursor === undefined ? this.#start : parseCursor(order, cursor);
    const backward = place?.backward ?? false;
    const keys: Uint8Array[] = [];
    const records: R[] = [];
    let hasMore = false;
    for await (const entries of this.#scan(snapshot, place, limit + 1)) {
      const taken = entries.slice(0, limit - keys.length);
      hasMore ||= taken.length < entries.length;
      for (const [key] of taken) keys.push(key);
      for (const record of await this.#source.read(taken, snapshot)) records.push(record);
    }
    const [first, last] = [keys[0], keys.at(-1)];
    const onward =
      hasMore && last !== undefined ? { key: last, inclusive: false, backward } : undefined;
    // The way back from an empty page starts with the entry at its cursor, if that still exists.
    const turned = place && { ...place, inclusive: !place.inclusive, backward: !backward };
    const back =
      turned && (first === undefined ? turned : { ...turned, key: first, inclusive: false });
    const onwardCursor = onward && formatCursor(order, onward);
    const backCursor =
      back && (await this.#hasEntry(snapshot, back)) ? formatCursor(order, back) : undefined;
    if (backward) records.reverse();
    return {
      records,
      next: backward ? backCursor : onwardCursor,
      previous: backward ? onwardCursor : backCursor,
    };
  }

  #scan(
    snapshot: EngineSnapshot,
    from: Place | undefined,
    limit: number | undefined,
    values = this.#source.readsValues,
  ): AsyncGenerator<EntryPage, void, undefined> {
    const { span, reverse } = this.#source.order;
    return scanPages(this.#engine, span, {
      snapshot,
      from,
      limit,
      values,
      signal: this.#options.signal,
      reverse: reverse !== (from?.backward ?? false),
    });
  }

  async #hasEntry(snapshot: EngineSnapshot, from: Place): Promise<boolean> {
    for await (const _ of this.#scan(snapshot, from, 1, false)) return true;
    return false;
  }

  async #countFromStats(snapshot: EngineSnapshot): Promise<number | undefined> {
    const { counted } = this.#source;
    if (counted === undefined) return undefined;
    const [runKey, statsKey] = [syncRunKey(counted.syncId), syncStatsKey(counted.syncId)];
    const [run, stats] = await this.#engine.getMany([runKey, statsKey], {
      ...byteEncodings,
      snapshot,
    });
    if (run === undefined || stats === undefined) return undefined;
    if (decodeRecord('sync_run', runKey, run).endedAt === undefined) return undefined;
    return Number(counted.of(decodeRecord('sync_stats', statsKey, stats)));
  }
}

function startAfter<R>(source: ListSource<R>, after: R | undefined): Place | undefined {
  if (after === undefined) return undefined;
  const key = source.keyOf(after);
  if (key === undefined) {
    throw new RecordsError('SSTITCH_OPTION_INVALID', 'after: the record is not in this list');
  }
  return { key, inclusive: false, backward: false };
}
