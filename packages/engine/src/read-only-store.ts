// Read-only opens: a second process reads a store that another one has open, writes and compacts.
//
// It makes a private copy of the current generation by links, logs included, inside the store's
// folder (where links work) or where the caller says, and opens LevelDB on that. The copy is one
// consistent state; what the owner does afterwards never shows in it. The owner is not disturbed:
// nothing of its own is written, renamed or locked.
import { randomInt } from 'node:crypto';
import type { Span } from '@sstitch/sst';
import { flushGeneration } from './commit/flush-generation.js';
import type { EngineCapabilities } from './contract.js';
import { EngineError, errorCodeOf } from './errors.js';
import { type ExtractedTables, extractTables } from './extract/extract-tables.js';
import { readerFolderName } from './extract/reader-folders.js';
import { Generation } from './generation.js';
import { GenerationReader } from './generation-reader.js';
import { openLevelDatabase } from './level-database.js';
import { levelOptionsOf, type StoreOptions } from './options.js';
import { openKeepingLogs, settleOpened } from './recovery/open-with-logs.js';
import { checkSpans } from './spans.js';
import { generationName, READERS_FOLDER } from './store-files.js';
import {
  CHECKS_LATER,
  type CommitExtractOptions,
  type ExtractOptions,
} from './transfer-options.js';
import { asEngineError } from './workers/task-errors.js';
import { InlineRunner, type TaskRunner, ThreadRunner } from './workers/task-runner.js';

export interface ReadOnlyOptions<K, V>
  extends Omit<StoreOptions<K, V>, 'createIfMissing' | 'errorIfExists'> {
  /**
   * A folder for the private copy, which is made in it and removed on close. Needed where the store's
   * own folder cannot be written to; on another file system tables are copied instead of linked.
   * @defaultValue the folder `readers` in the store
   */
  readonly copyFolder?: string;
}

/** Each round follows a commit of the owner between reading CURRENT and linking. */
const MAX_ROUNDS = 100;

/**
 * Copies are numbered at random: a killed process may have left some, and in a container every
 * process has the same number.
 */
const MAX_READER_COUNT = 2 ** 31;

/** A store as it was when it was opened, to read from. Writes are refused. */
export class ReadOnlyStore<K = string, V = string> extends GenerationReader<K, V> {
  readonly location: string;
  readonly #options: ReadOnlyOptions<K, V>;
  #runner: TaskRunner | undefined;
  #generation: Generation | undefined;

  constructor(location: string, options: ReadOnlyOptions<K, V> = {}) {
    levelOptionsOf(options);
    super(options);
    this.location = location;
    this.#options = options;
  }

  protected override get generation(): Generation {
    if (this.#generation !== undefined) return this.#generation;
    throw new EngineError('SSTITCH_STORE_CLOSED', 'the store is not open', { path: this.location });
  }

  /** Its tables can be extracted; it takes no commit. */
  get capabilities(): EngineCapabilities {
    return { tables: true, checkpoint: false };
  }

  /** Gives the tables of the spans, as `Store.extract` does. */
  async extract(
    spans: readonly Span[],
    folder: string,
    options: ExtractOptions = {},
  ): Promise<ExtractedTables> {
    if (this.status === 'opening') await this.open({ passive: true } as object);
    const generation = this.generation;
    const runner = this.#runner;
    if (runner === undefined) {
      throw new EngineError('SSTITCH_STORE_CLOSED', 'the store is not open', {
        path: this.location,
      });
    }
    generation.retain();
    try {
      // The copied logs went into tables when LevelDB opened the copy; nothing was written since.
      const leastLogNumber = await flushGeneration(runner, generation.folder, generation.database);
      const input = {
        sourceFolder: generation.folder,
        targetFolder: folder,
        spans: checkSpans(spans),
        leastLogNumber,
        narrowFromBytes: Number.POSITIVE_INFINITY,
        verify: options.verify ?? false,
        checksLater: (options as CommitExtractOptions)[CHECKS_LATER] ?? false,
      };
      return await extractTables(runner, input, options.signal);
    } catch (error) {
      throw asEngineError(error);
    } finally {
      generation.release();
    }
  }

  async _open(): Promise<void> {
    const { fileSystem } = this.#options;
    const runner = fileSystem ? new InlineRunner(fileSystem) : new ThreadRunner();
    try {
      this.#generation = await this.#copyAndOpen(runner);
      this.#runner = runner;
    } catch (error) {
      throw asEngineError(error);
    }
  }

  async _close(): Promise<void> {
    const generation = this.#generation;
    this.#generation = undefined;
    this.#runner = undefined;
    // Retired from birth: closing removes the copy.
    generation?.retire();
    await generation?.close();
  }

  async #copyAndOpen(runner: TaskRunner): Promise<Generation> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { realPath, generation: number } = await runner.run('prepareOpen', {
        location: this.location,
        createIfMissing: false,
        errorIfExists: false,
      });
      if (number === undefined) break;
      const parent = this.#options.copyFolder ?? `${realPath}/${READERS_FOLDER}`;
      await runner.run('makeFolder', { folder: parent });
      const targetFolder = `${parent}/${readerFolderName(process.pid, randomInt(MAX_READER_COUNT))}`;
      const sourceFolder = `${realPath}/${generationName(number)}`;
      try {
        await runner.run('copyGeneration', {
          sourceFolder,
          targetFolder,
          logs: true,
          leastLogNumber: 0,
        });
        const level = { ...levelOptionsOf(this.#options), createIfMissing: false };
        const place = { root: targetFolder, label: generationName(number), folder: targetFolder };
        const opened = await openKeepingLogs(runner, place, () =>
          openLevelDatabase(targetFolder, level),
        );
        const { database } = opened;
        await settleOpened(runner, place, opened).catch(async (error: unknown) => {
          await database.close();
          throw error;
        });
        return new Generation(number, targetFolder, database, async ({ folder }) => {
          await runner.run('removeFolder', { folder });
        });
      } catch (error) {
        await runner.run('removeFolder', { folder: targetFolder });
        // The owner has committed, and removed the generation that CURRENT named a moment ago.
        const again = await runner.run('prepareOpen', {
          location: this.location,
          createIfMissing: false,
          errorIfExists: false,
        });
        if (again.generation === number || errorCodeOf(error) === 'SSTITCH_ABORTED') throw error;
      }
    }
    throw new EngineError('SSTITCH_STORE_NOT_FOUND', 'the store does not exist', {
      path: this.location,
    });
  }

  async _put(): Promise<void> {
    throw readOnlyError();
  }

  async _del(): Promise<void> {
    throw readOnlyError();
  }

  async _batch(): Promise<void> {
    throw readOnlyError();
  }

  async _clear(): Promise<void> {
    throw readOnlyError();
  }
}

function readOnlyError(): EngineError {
  return new EngineError('SSTITCH_STORE_READ_ONLY', 'the store is open to read only');
}

/** Opens a store to read, whether or not another process has it open. */
export async function openReadOnly<K = string, V = string>(
  location: string,
  options: ReadOnlyOptions<K, V> = {},
): Promise<ReadOnlyStore<K, V>> {
  const store = new ReadOnlyStore<K, V>(location, options);
  await store.open();
  return store;
}
