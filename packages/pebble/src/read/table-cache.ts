// Caches open table files by number: those in use and the most recently used ones.

import { join } from 'node:path';
import { PebbleError } from '../errors.js';
import { tableFileName } from '../file-names.js';
import type { LiveTable } from '../manifest/read-manifest.js';
import type { CheckedOptions, ReadableFileSystem } from '../options.js';
import { TableFile } from '../table/table-file.js';
import type { MemoryBudget } from './memory-budget.js';

interface CachedFile {
  readonly file: TableFile;
  users: number;
}

export class TableCache {
  readonly #fileSystem: ReadableFileSystem;
  readonly #directory: string;
  readonly #options: CheckedOptions;
  readonly #budget: MemoryBudget;
  /** All open files. */
  readonly #files = new Map<number, CachedFile>();
  /** Those that nothing uses, in the order of their last use. */
  readonly #idle = new Map<number, CachedFile>();
  #isClosed = false;

  constructor(
    fileSystem: ReadableFileSystem,
    directory: string,
    options: CheckedOptions,
    budget: MemoryBudget,
  ) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#options = options;
    this.#budget = budget;
    budget.reclaim = () => this.#closeIdle(0);
  }

  /** Returns the open file that holds `table`. Each call must be matched by a call of `release`. */
  acquire(table: LiveTable): TableFile {
    if (this.#isClosed) throw new PebbleError('SSTITCH_PEBBLE_CLOSED', 'the database is closed');
    const { fileNumber, fileBytes } = table;
    const cached = this.#files.get(fileNumber);
    if (cached !== undefined) {
      this.#idle.delete(fileNumber);
      cached.users += 1;
      return cached.file;
    }
    const path = join(this.#directory, tableFileName(fileNumber));
    const file = TableFile.open(this.#fileSystem, path, fileBytes, this.#options);
    try {
      this.#budget.hold(file.heldBytes, { path });
    } catch (error) {
      file.close();
      throw error;
    }
    this.#files.set(fileNumber, { file, users: 1 });
    return file;
  }

  release(table: LiveTable): void {
    const { fileNumber } = table;
    const cached = this.#files.get(fileNumber);
    if (cached === undefined) return;
    cached.users -= 1;
    if (cached.users > 0) return;
    this.#idle.set(fileNumber, cached);
    this.#closeIdle(this.#isClosed ? 0 : this.#options.idleTables);
  }

  /** Closes every file. */
  close(): void {
    this.#isClosed = true;
    for (const { file } of this.#files.values()) this.#close(file);
    this.#files.clear();
    this.#idle.clear();
  }

  #closeIdle(most: number): void {
    for (const [number, { file }] of this.#idle) {
      if (this.#idle.size <= most) return;
      this.#files.delete(number);
      this.#idle.delete(number);
      this.#close(file);
    }
  }

  #close(file: TableFile): void {
    this.#budget.release(file.heldBytes);
    file.close();
  }
}
