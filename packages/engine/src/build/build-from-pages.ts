// Feeds pages of entries to a worker thread that builds tables. The next page is fetched while the worker builds the
// last one, so at most two are in memory.

import type { Span } from '@sstitch/contract';
import { abortedError } from '../errors.js';
import { mkdirTask } from '../store-directory/store-files.js';
import { asEngineError } from '../threads/task-errors.js';
import { fsyncingFiles } from '../threads/unsynced-files.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import {
  appendEntriesTask,
  type BuildSession,
  type BuiltTables,
  beginTablesTask,
  finishTablesTask,
} from './build-tables.js';
import { packEntries } from './entry-pages.js';

/** A caller's pages of entries. */
export interface PagesToBuild {
  readonly entries: AsyncIterable<unknown>;
  /** Encodes the keys and values of a page. */
  readonly encode: (page: unknown, pageIndex: number) => unknown;
}

/**
 * Builds tables in `directory`, which it makes. What the iteration of the pages throws passes through.
 *
 * @throws EngineError SSTITCH_ENTRIES_INVALID, SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export async function buildFromPages(
  pool: WorkerPool,
  directory: string,
  spans: readonly Span[],
  { entries, encode }: PagesToBuild,
  { signal }: { readonly signal?: AbortSignal | undefined },
): Promise<BuiltTables> {
  const session = pool.session<BuildSession>();
  const run = <T>(task: Promise<T>): Promise<T> =>
    task.catch((error: unknown) => {
      throw asEngineError(error);
    });
  let appended: Promise<void> = Promise.resolve();
  let iterator: AsyncIterator<unknown> | undefined;
  let exhausted = false;
  let pageIndex = 0;
  try {
    await run(session.run(mkdirTask, { directory }, { signal }));
    await run(session.run(beginTablesTask, { directory, spans }, { signal }));
    iterator = entries[Symbol.asyncIterator]();
    for (;;) {
      const next = await unlessAborted(iterator.next(), signal).catch((error: unknown) => {
        exhausted = !signal?.aborted;
        throw error;
      });
      exhausted = next.done === true;
      if (next.done === true) break;
      const page = packEntries(encode(next.value, pageIndex), pageIndex);
      pageIndex++;
      await appended;
      const options = { signal, transfer: [page.buffer] };
      appended = run(session.run(appendEntriesTask, { page }, options));
      // It is awaited later; until then a failure must not be an unhandled rejection.
      appended.catch(() => undefined);
    }
    await appended;
    return await fsyncingFiles(pool, signal, async (unsynced) =>
      unsynced.takeFrom(await run(session.run(finishTablesTask, undefined, { signal }))),
    );
  } catch (error) {
    await appended.catch(() => undefined);
    throw error;
  } finally {
    // The end fails only if its thread has died. It closes a file and does not change the directory, so after an abort
    // nothing waits for the thread, which may be busy.
    const ended = session.end().catch(() => undefined);
    await unlessAborted(ended, signal).catch(() => undefined);
    // This is not awaited: the iteration may be stuck, which may be why it was aborted. `return` is the caller's: it may
    // throw, or not return a promise.
    if (!exhausted) (async () => iterator?.return?.())().catch(() => undefined);
  }
}

/** Settles with `promise`, which may never settle, or rejects when the signal fires. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortedError(signal));
    const settled = () => signal.removeEventListener('abort', onAbort);
    signal.addEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(settled);
    if (signal.aborted) onAbort();
  });
}
