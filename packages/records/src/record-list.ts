// A list of records: iterated, read page by page, or counted.
//
// Invariants: each of these reads one state of the engine, its own or that of the snapshot given, so that a
// page shows a sync as it was before a replacement or as it is after it, never both. A cursor holds a place
// in the order of keys: the next page starts there in whatever the list holds by then.
import { byteEncodings, type EngineSnapshot, type ReadableEngine } from '@sstitch/contract';
import { type SyncIdBytes, syncRunKey, syncStatsKey } from '@sstitch/keys';
import { formatCursor, type ListOrder, type Place, parseCursor } from './cursor.js';
import { decodeRecord } from './encode.js';
import { RecordsError } from './errors.js';
import type { SyncStatsRecord } from './gen/c1/storage/v3/records_pb.js';
import { checkLimit } from './limits.js';
import { countEntries, type EntryPage, onSnapshot, scanPages, withSnapshot } from './scan.js';

/** Records a page where neither it nor the list has a limit. */
export const DEFAULT_PAGE_RECORDS = 100;

/** Options of a list. */
export interface ListOptions<R> {
  /** Records at most. @defaultValue no limit; 100 for a page */
  readonly limit?: number;
  /** Only what comes after this record in the order of the list. @defaultValue all of the list */
  readonly after?: R;
  /** From the last to the first. @defaultValue false */
  readonly reverse?: boolean;
  /** List this state of the engine. @defaultValue the state when the first record is asked for */
  readonly snapshot?: EngineSnapshot;
  /** Stops between two reads of the engine. */
  readonly signal?: AbortSignal;
}

/** Options of a page. */
export interface PageOptions {
  /** Records at most, from 1 on. @defaultValue the list's limit, or 100 */
  readonly limit?: number;
  /** `next` or `previous` of another page of this list. @defaultValue the first page */
  readonly cursor?: string;
}

/** Some records of a list, in its order. */
export interface RecordPage<R> {
  readonly records: R[];
  /** The cursor of the page after this one; undefined where no record comes after. */
  readonly next: string | undefined;
  /** The cursor of the page before this one; undefined where no record comes before. */
  readonly previous: string | undefined;
}

/** What a list reads. */
export interface ListSource<R> {
  readonly order: ListOrder;
  /** Whether `read` looks at the values of entries. */
  readonly readsValues: boolean;
  /** The records of these entries, one for each. */
  read(entries: EntryPage, snapshot: EngineSnapshot): Promise<R[]>;
  /** The key of an entry for this record; undefined for a record that has none in this list. */
  keyOf(record: R): Uint8Array | undefined;
  /** How many records the list has by the statistics of its sync; absent where they do not say. */
  readonly counted?: { readonly syncId: SyncIdBytes; of(stats: SyncStatsRecord): bigint };
}

/** A list of records. It is iterated once; pages and counts can be asked for any number of times. */
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

  /** The next record, read with others that follow it. */
  next(): Promise<IteratorResult<R, void>> {
    return this.#records.next();
  }

  /** Ends the iteration and closes its snapshot. */
  return(): Promise<IteratorResult<R, void>> {
    return this.#records.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Some records of the list, and the cursors of the pages on either side.
   *
   * Cursors outlive the process and later writes. What a page holds is decided when it is read: records put
   * or deleted since then show, and after a replacement of the sync it goes on in the new records, after
   * the key where it was. To read one state throughout, give the list a snapshot.
   *
   * @throws {@link RecordsError} SSTITCH_CURSOR_INVALID on a cursor of another list (of another sync,
   * index, or order too), or on what is no cursor; SSTITCH_OPTION_INVALID; as iteration.
   */
  page(options: PageOptions = {}): Promise<RecordPage<R>> {
    return onSnapshot(this.#engine, this.#options.snapshot, (snapshot) =>
      this.#page(snapshot, options),
    );
  }

  /**
   * How many records the list has, whatever `limit` and `after` are. Of a sync that has ended, the counts that
   * its statistics have are taken from them; all else is counted entry by entry, until the signal fires.
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
    // Of an empty page, the way back starts with the entry at its cursor, if that is still there.
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
    throw new RecordsError('SSTITCH_OPTION_INVALID', 'after: the record is not of this list');
  }
  return { key, inclusive: false, backward: false };
}
