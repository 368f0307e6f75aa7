// Loads entries that come in any order: worker threads sort them and write them as runs while more come,
// and in the end merge the runs into the tables for a commit. No entry becomes an object, and none that
// lies in shared memory is copied between threads.
//
// Invariants:
// - pages whose run is not written yet come to `MAX_WAITING_BYTES` and one page at most;
// - after `end` nothing works on in the directory, which the caller then removes;
// - in a store's staging directory all of it is part of that store's operations, which its close ends and awaits;
// - a key that comes twice is an error: nobody can know which of the two is meant.

import { setMaxListeners } from 'node:events';
import { compareBytes, type Span, type UnsortedEntries } from '@sstitch/contract';
import { userKeyOf } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import type { ExtractedTables } from '../extract/extract-tables.js';
import { checkSpans } from '../spans.js';
import { checkDirectory } from '../store-directory/check-directory.js';
import { operationsAt } from '../store-directory/staging-directories.js';
import type { SpanTables, TableRun } from '../tables/table-set.js';
import { trusted } from '../tables/trusted-sets.js';
import { checkSignal } from '../threads/check-signal.js';
import type { Operations } from '../threads/operations.js';
import { asEngineError } from '../threads/task-errors.js';
import { threadPool } from '../threads/thread-pool.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { BUILT_SEQUENCE } from './build-tables.js';
import { checkUnsortedPages } from './check-unsorted.js';
import { mergeToOneRun } from './merge-to-one-run.js';
import { type RunPage, type SortedRun, sortToTablesTask } from './sort-to-tables.js';

const MIB = 1024 * 1024;
/** Of pages on their way: enough that no thread waits for the next one. */
const MAX_WAITING_BYTES = 6 * MIB;
/** Small pages go to a thread together. */
const TASK_BYTES = MIB;

export interface TableLoaderOptions {
  readonly signal?: AbortSignal | undefined;
  /** Reported when the memory of entries that were added may serve again. Must not throw. */
  readonly onWritten?: ((entries: UnsortedEntries) => void) | undefined;
}

/** Tables for `ingestAndExcise` with `move`. */
export interface LoadedTables extends ExtractedTables {
  /** Of all spans together. */
  readonly entries: number;
}

/** Makes tables of entries in any order. */
export class TableLoader {
  readonly #pool: WorkerPool;
  readonly #directory: string;
  readonly #owner: Operations | undefined;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #onWritten: (entries: UnsortedEntries) => void;
  readonly #tasks = new Set<Promise<void>>();
  readonly #runs: SortedRun[] = [];
  #pages = 0;
  #waitingBytes = 0;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param directory an empty directory, best on the file system of the store that the tables are for, where
   * they are moved and not copied: in a staging directory of it, when the store closes, the loading is aborted
   */
  constructor(
    directory: string,
    options: TableLoaderOptions = {},
    pool: WorkerPool = threadPool(),
  ) {
    checkDirectory(directory);
    checkSignal(options);
    this.#directory = directory;
    this.#pool = pool;
    const { signal, onWritten = () => undefined } = options;
    this.#onWritten = onWritten;
    this.#owner = operationsAt(directory);
    const either = this.#owner?.endingWith(signal) ?? signal;
    this.#signal = AbortSignal.any([this.#ending.signal, ...(either ? [either] : [])]);
    // Each task listens: of small pages there may be many.
    setMaxListeners(0, this.#signal);
  }

  /**
   * Takes pages of entries, each page of one span, which must not change until `onWritten` has reported them.
   * Settles when there is room for more.
   *
   * @throws EngineError SSTITCH_ENTRIES_INVALID where a page is not what it should be, and, with the key, where
   * one comes twice; SSTITCH_ABORTED, SSTITCH_FILE_OPERATION: of these pages or of earlier ones
   */
  async add(pages: readonly UnsortedEntries[]): Promise<void> {
    checkUnsortedPages(pages);
    let task: RunPage[] = [];
    let bytes = 0;
    const start = () => {
      if (task.length > 0) this.#start(task, bytes);
      task = [];
      bytes = 0;
    };
    for (const entries of pages) {
      if (entries.count === 0) continue;
      task.push({ entries, path: `${this.#directory}/run-${this.#pages++}` });
      bytes += entries.bytes.byteLength;
      if (bytes < TASK_BYTES) continue;
      start();
      await this.#room();
    }
    start();
    await this.#room();
  }

  /**
   * Makes the tables of all that was added.
   *
   * @param spans sorted and disjoint; each entry lies in one of them
   * @throws EngineError as `add`, and SSTITCH_SPANS_INVALID
   */
  async finish(spans: readonly Span[]): Promise<LoadedTables> {
    const checked = checkSpans(spans);
    const finish = () => this.#finish(checked);
    return this.#owner === undefined ? finish() : this.#owner.run(finish);
  }

  async #finish(checked: readonly Span[]): Promise<LoadedTables> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    this.#throwFailure();
    const runsBySpan = checked.map((): TableRun[] => []);
    for (const { tables } of this.#runs) runsBySpan[spanIndexOf(checked, tables)]?.push(tables);
    const { runs, repeatedKey } = await mergeToOneRun(
      this.#pool,
      `${this.#directory}/merged`,
      runsBySpan,
      this.#signal,
    );
    if (repeatedKey !== undefined) throw repeatedError(repeatedKey);
    const result = checked.map((span, index): SpanTables => {
      const run = runs[index] ?? [];
      return { span, runs: run.length === 0 ? [] : [run] };
    });
    const entries = this.#runs.reduce((sum, run) => sum + run.entries, 0);
    const lastSequence = Number(BUILT_SEQUENCE);
    return trusted({ spans: result, lastSequence, totals: [], entries });
  }

  /** Stops what is under way; settles when nothing writes to the directory any more. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#tasks);
  }

  #start(pages: readonly RunPage[], bytes: number): void {
    this.#waitingBytes += bytes;
    const task = this.#pool
      .run(sortToTablesTask, { pages }, { signal: this.#signal })
      .then(
        (runs) => {
          this.#runs.push(...runs);
          const key = runs.find(({ repeatedKey }) => repeatedKey !== undefined)?.repeatedKey;
          if (key !== undefined) this.#failure ??= { error: repeatedError(key) };
        },
        (error: unknown) => {
          this.#failure ??= { error: asEngineError(error) };
        },
      )
      .finally(() => {
        this.#waitingBytes -= bytes;
        this.#tasks.delete(task);
        for (const { entries } of pages) this.#onWritten(entries);
      });
    this.#tasks.add(task);
    this.#owner?.track(task);
  }

  async #room(): Promise<void> {
    while (this.#waitingBytes > MAX_WAITING_BYTES) await Promise.race(this.#tasks);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** The span that a run lies in. */
function spanIndexOf(spans: readonly Span[], run: TableRun): number {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a run without a table');
  const smallest = userKeyOf(first.smallest);
  const largest = userKeyOf(last.largest);
  // The last span that starts at or in front of the key.
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes((spans[middle] as Span).start, smallest) <= 0) low = middle + 1;
    else high = middle;
  }
  const span = spans[low - 1];
  const isInside =
    span !== undefined && (span.end === undefined || compareBytes(largest, span.end) < 0);
  if (isInside) return low - 1;
  throw new EngineError(
    'SSTITCH_ENTRIES_INVALID',
    `entries lie outside the spans: ${Buffer.from(smallest).toString('hex')}`,
  );
}

function repeatedError(key: Uint8Array): EngineError {
  const hex = Buffer.from(key).toString('hex');
  return new EngineError('SSTITCH_ENTRIES_INVALID', `two entries have the key ${hex}`, { key });
}
