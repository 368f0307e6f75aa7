// Read-only opens: a process reads a store that another process has open and writes to.
//
// The reader copies the current generation, logs included, and opens LevelDB on the copy. The copy consists of links
// and is in the store's directory by default (reader-directories.ts has the other places). It is one consistent state
// and shows no later write of the owner. The owner is not disturbed: none of its files is written, renamed or locked.

import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { EngineCapabilities, Span } from '@sstitch/contract';
import { checkDirectory, checkOptions, optionInvalid } from '../check-options.js';
import { copyGenerationTask } from '../copy/copy-generation.js';
import { EngineError, errorCodeOf, throwIfAborted } from '../errors.js';
import { extractTables } from '../extract/extract-tables.js';
import { isDiskFull } from '../files/disk-full.js';
import { flushGeneration } from '../leveldb/flush.js';
import { type LevelOptions, openLevelDatabase } from '../leveldb/level-database.js';
import { levelOptionsOf } from '../leveldb/level-options.js';
import { checkSpans } from '../spans.js';
import {
  isTakenForEnded,
  removeEndedReaders,
  removeEndedTemporaryReaders,
} from '../store-directory/ended-readers.js';
import { keepsCommitting } from '../store-directory/locked-error.js';
import { openKeepingLogs, settleOpened } from '../store-directory/open-with-logs.js';
import { prepareOpenTask } from '../store-directory/prepare-open.js';
import { findReaderPlaceTask, newReaderName } from '../store-directory/reader-directories.js';
import { removeOwnDirectory } from '../store-directory/remove-directory.js';
import { generationName, removeDirectoryTask } from '../store-directory/store-files.js';
import { ExtractedTables } from '../tables/extracted-tables.js';
import { findSharedSpansTask, type SharingDatabase } from '../tables/shared-spans.js';
import { COPY_PARTS } from '../tables/split-policy.js';
import { Operations } from '../threads/operations.js';
import { poolFor } from '../threads/pool-for.js';
import { asEngineError } from '../threads/task-errors.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { verifyGenerationSpans, verifySpans } from '../verify/verify-spans.js';
import { Generation } from './generation.js';
import { GenerationReader } from './generation-reader.js';
import { checkOpenOptions, type StoreOpenOptions, type StoreOptions } from './options.js';
import type { ExtractOptions } from './transfer-options.js';

/** Options of a `ReadOnlyStore`. */
export interface ReadOnlyOptions<K, V>
  extends Omit<StoreOptions<K, V>, 'createIfMissing' | 'errorIfExists'> {
  /**
   * The directory in which the private copy is made; `close` removes the copy. On another file system than the
   * store's, tables are copied instead of linked.
   * @defaultValue the directory `readers` of the store; if it is not writable (read-only media, another user's store),
   * a new directory in the system's temporary directory
   */
  readonly copyDirectory?: string;
  /**
   * Spans to check as `verifySpans` does, before LevelDB opens the copy and may compact it. Sorted and disjoint.
   * @defaultValue none
   */
  readonly verifySpans?: readonly Span[];
  /** Aborts the open. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The limit of attempts. An attempt fails if the owner commits between the reading of CURRENT and the linking, or if
 * another process takes the copy for one of an ended reader.
 */
const MAX_ROUNDS = 100;

interface OpenedCopy {
  readonly pool: WorkerPool;
  readonly operations: Operations;
  /** @internal */
  readonly generation: Generation;
  /** The directory of the generation that was copied. Errors name its files, as the copy is removed on close. */
  readonly sourceDirectory: string;
}

/**
 * A read-only store: the state of a store at the time of the open. Writes reject with SSTITCH_STORE_READ_ONLY.
 */
export class ReadOnlyStore<K = string, V = string> extends GenerationReader<K, V> {
  /** The store's directory, as passed to `openReadOnly`. */
  readonly location: string;
  readonly #options: ReadOnlyOptions<K, V>;
  readonly #verifiedSpans: readonly Span[];
  #copy: OpenedCopy | undefined;

  /** @throws EngineError SSTITCH_OPTION_INVALID */
  constructor(location: string, options: ReadOnlyOptions<K, V> = {}) {
    checkDirectory(location, 'location');
    checkReadOnlyOptions(options);
    super(options);
    this.location = location;
    this.#options = options;
    this.#verifiedSpans = options.verifySpans === undefined ? [] : checkSpans(options.verifySpans);
  }

  /** @internal */
  protected override get generation(): Generation {
    return this.#opened.generation;
  }

  /** @internal */
  protected override get operations(): Operations {
    return this.#opened.operations;
  }

  /** @internal */
  protected override get pool(): WorkerPool {
    return this.#opened.pool;
  }

  get #opened(): OpenedCopy {
    if (this.#copy !== undefined) return this.#copy;
    throw new EngineError('SSTITCH_STORE_CLOSED', 'the store is not open', { path: this.location });
  }

  /** Tables can be extracted, but there is no checkpoint. */
  get capabilities(): EngineCapabilities {
    return { tables: true, checkpoint: false };
  }

  /** @internal */
  protected override takeTables(
    spans: readonly Span[],
    targetDirectory: string,
    { signal, verify = false }: ExtractOptions,
  ): Promise<ExtractedTables> {
    const { pool, generation, operations, sourceDirectory } = this.#opened;
    const { directory, database } = generation;
    const ending = operations.endingWith(signal);
    return operations.runFileWork(async () => {
      // LevelDB turned the copied logs into tables when it opened the copy, and nothing was written since.
      const leastLogNumber = await flushGeneration(pool, directory, database, ending);
      const link = {
        sourceDirectory: directory,
        originDirectory: sourceDirectory,
        targetDirectory,
      };
      const request = { ...link, spans, leastLogNumber, policy: COPY_PARTS, verify };
      const tables = await extractTables(pool, request, ending);
      // The checks may run on after the tables are returned.
      const checking = ExtractedTables.incomingOf(tables)?.checking;
      if (checking !== undefined) operations.track(checking).catch(() => undefined);
      return tables;
    });
  }

  /**
   * Returns sorted, disjoint ranges in which this store and another certainly hold the same entries, as their tables are
   * the same files. No block of these tables is read. A comparison of the two stores may skip the ranges. Tables that
   * were copied, and keys that were written since, are never in the ranges.
   *
   * @param other any engine. The result is empty unless it is a `ReadOnlyStore`, as other engines may change
   * @param spans sorted and disjoint
   * @throws EngineError SSTITCH_SPANS_INVALID, SSTITCH_STORE_CORRUPT, SSTITCH_ABORTED, SSTITCH_FILE_OPERATION
   */
  async sharedSpans(
    other: unknown,
    spans: readonly Span[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly Span[]> {
    const checked = checkSpans(spans);
    checkOptions(options, { signal: 'signal' });
    await this.whenOpen('sharedSpans');
    if (!(other instanceof ReadOnlyStore)) return [];
    await other.whenOpen('sharedSpans');
    const [mine, theirs] = [this.#opened, other.#opened];
    return mine.operations.runFileWork(() =>
      theirs.operations.runFileWork(async () => {
        const signal = mine.operations.endingWith(theirs.operations.endingWith(options.signal));
        const [left, right] = [await sharingOf(mine, signal), await sharingOf(theirs, signal)];
        const request = { databases: [left, right] as const, spans: checked };
        return mine.pool.run(findSharedSpansTask, request, { signal });
      }),
    );
  }

  /** @internal */
  protected override verifyGeneration(
    generation: Generation,
    spans: readonly Span[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { pool, operations, sourceDirectory: namedDirectory } = this.#opened;
    // Errors name the store's table, not the copy's, which is removed on close.
    return operations.runFileWork(() =>
      verifyGenerationSpans(
        pool,
        generation,
        { namedDirectory, spans },
        operations.endingWith(signal),
      ),
    );
  }

  /** @internal */
  protected override checkOpenOptions(options: StoreOpenOptions): void {
    checkReadOnlyOptions(options);
  }

  /** @internal */
  async _open(options: StoreOpenOptions): Promise<void> {
    const { fileSystem } = this.#options;
    const pool = poolFor(fileSystem);
    const operations = new Operations(this.location);
    try {
      const level = levelOptionsOf(options);
      const copied = await this.#copyAndOpen(pool, level, operations.closing);
      this.#copy = { pool, operations, ...copied };
    } catch (error) {
      throw asEngineError(error);
    }
  }

  /** @internal */
  async _close(): Promise<void> {
    const copy = this.#copy;
    this.#copy = undefined;
    if (copy === undefined) return;
    await copy.operations.end();
    // Closing a retired generation removes its directory, the copy.
    copy.generation.retire();
    await copy.generation.close();
  }

  async #copyAndOpen(
    pool: WorkerPool,
    level: LevelOptions,
    closing: AbortSignal,
  ): Promise<Pick<OpenedCopy, 'generation' | 'sourceDirectory'>> {
    const { signal, copyDirectory } = this.#options;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const inspection = { location: this.location, createIfMissing: false, errorIfExists: false };
      const prepared = await pool.run(prepareOpenTask, inspection, { signal });
      const { realPath, generation: number } = prepared;
      if (number === undefined) throw new Error('prepareOpen returned no generation');
      if (copyDirectory === undefined) await removeEndedReaders(pool, realPath);
      const place = {
        storeDirectory: realPath,
        copyDirectory,
        temporaryDirectory: tmpdir(),
        name: newReaderName(),
      };
      const finding = pool.run(findReaderPlaceTask, place, { signal });
      const found = await finding.catch((error: unknown) => {
        throw isDiskFull(error) ? noRoomForCopy(error, copyDirectory ?? realPath) : error;
      });
      const { directory: targetDirectory, toRemove, isTemporary } = found;
      const sourceDirectory = `${realPath}/${generationName(number)}`;
      let isMade = false;
      try {
        if (isTemporary) await removeEndedTemporaryReaders(pool, place.temporaryDirectory);
        const copying = {
          sourceDirectory,
          targetDirectory,
          logs: true,
          leastLogNumber: 0,
          // No process opens the copy after a crash of the system, and the owner of the store removes it.
          durability: 'unsynced',
        } as const;
        await pool.run(copyGenerationTask, copying, { signal });
        isMade = true;
        const spans = this.#verifiedSpans;
        if (spans.length > 0) {
          const input = { namedDirectory: sourceDirectory, directory: targetDirectory, spans };
          await verifySpans(pool, input, signal);
        }
        throwIfAborted(signal);
        const logged = {
          root: targetDirectory,
          label: generationName(number),
          directory: targetDirectory,
        };
        const opened = await openKeepingLogs(pool, logged, () =>
          openLevelDatabase(targetDirectory, { ...level, createIfMissing: false }),
        );
        const { database } = opened;
        await settleOpened(pool, logged, opened).catch(async (error: unknown) => {
          await database.close();
          throw error;
        });
        const remove = () => removeOwnDirectory(pool, toRemove, closing);
        return {
          generation: new Generation(number, targetDirectory, database, remove),
          sourceDirectory,
        };
      } catch (error) {
        const taken = isTakenForEnded(pool, targetDirectory, isMade, error);
        // findReaderPlaceTask may have made a directory around the copy.
        if (isMade || toRemove !== targetDirectory) {
          // The owner of the store removes what is left. The caller gets the first error.
          await pool.run(removeDirectoryTask, { directory: toRemove }).catch(() => undefined);
        }
        // If the owner has committed, it may have removed the generation that CURRENT named: try again.
        const again = await pool.run(prepareOpenTask, inspection);
        const isOvertaken = taken || again.generation !== number;
        if (isOvertaken && errorCodeOf(error) !== 'SSTITCH_ABORTED') continue;
        if (isDiskFull(error)) throw noRoomForCopy(error, dirname(toRemove));
        if (errorCodeOf(error) !== 'ENOENT') throw error;
        throw new EngineError(
          'SSTITCH_STORE_CORRUPT',
          'a file of the current generation is missing',
          {
            cause: error,
            path: (error as { path?: string }).path ?? sourceDirectory,
          },
        );
      }
    }
    throw keepsCommitting(this.location);
  }

  /** @internal */
  async _put(): Promise<void> {
    throw readOnlyError();
  }

  /** @internal */
  async _del(): Promise<void> {
    throw readOnlyError();
  }

  /** @internal */
  async _batch(): Promise<void> {
    throw readOnlyError();
  }

  /** @internal */
  async _clear(): Promise<void> {
    throw readOnlyError();
  }
}

function noRoomForCopy(cause: unknown, path: string): EngineError {
  return new EngineError(
    'SSTITCH_FILE_OPERATION',
    'the disk is full: a read-only open makes a private copy, here unless copyDirectory names another directory',
    { reason: 'disk-full', cause, path },
  );
}

/** A copy whose entries are all in tables. */
async function sharingOf(
  { pool, generation }: OpenedCopy,
  signal: AbortSignal,
): Promise<SharingDatabase> {
  const { directory, database } = generation;
  return { directory, leastLogNumber: await flushGeneration(pool, directory, database, signal) };
}

/** It makes nothing: an option that says otherwise is a mistake. */
function checkReadOnlyOptions(options: StoreOpenOptions): void {
  checkOpenOptions(options);
  checkOptions(options, { copyDirectory: 'path', signal: 'signal' });
  for (const name of ['createIfMissing', 'errorIfExists'] as const) {
    if (options[name] !== true) continue;
    throw optionInvalid(`${name} cannot be set for a read-only store`);
  }
}

function readOnlyError(): EngineError {
  return new EngineError('SSTITCH_STORE_READ_ONLY', 'the store is open read-only');
}

/**
 * Opens a store read-only, whether or not another process has it open.
 *
 * @throws EngineError SSTITCH_OPTION_INVALID, SSTITCH_SPANS_INVALID, SSTITCH_ABORTED; LEVEL_DATABASE_NOT_OPEN, whose
 * cause is an EngineError such as SSTITCH_STORE_NOT_FOUND or SSTITCH_STORE_CORRUPT
 */
export async function openReadOnly<K = string, V = string>(
  location: string,
  options: ReadOnlyOptions<K, V> = {},
): Promise<ReadOnlyStore<K, V>> {
  const store = new ReadOnlyStore<K, V>(location, options);
  try {
    await store.open();
  } catch (error) {
    const { cause } = error as Error;
    throw errorCodeOf(cause) === 'SSTITCH_ABORTED' ? cause : error;
  }
  return store;
}
