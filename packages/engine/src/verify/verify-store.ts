// Verifies a store by reading its files, without LevelDB, which trusts its tables and can crash on damaged ones. It
// checks CURRENT and FORMAT, the directory of the current generation, the rules of its MANIFEST, every table in full and
// against the MANIFEST, the logs, and the consistency of all of them.
//
// The store may be open and in use: nothing in it is written, linked or locked. If LevelDB deletes files meanwhile, the
// check starts over with the new version, but reads no table twice.

import { dirname } from 'node:path';
import type { FileSystem } from '@sstitch/sst';
import { checkDirectory, checkOptions } from '../check-options.js';
import { EngineError } from '../errors.js';
import { MAX_LISTED_PROBLEMS, type StoreProblem } from '../leveldb/problems.js';
import { prepareOpenTask } from '../store-directory/prepare-open.js';
import { generationName } from '../store-directory/store-files.js';
import type { CheckedTable } from '../tables/check-run-order.js';
import { poolFor } from '../threads/pool-for.js';
import { asEngineError } from '../threads/task-errors.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { noteLeftLogsTask } from './note-left-logs.js';
import {
  type GenerationFacts,
  readGenerationFactsTask,
  verifyListedTableTask,
  verifyTablesTogetherTask,
} from './verify-tasks.js';

/** The limit of attempts. Another is made if the store's owner commits or compacts meanwhile. */
const MAX_ROUNDS = 100;

/** Options of `verifyStore`. */
export interface VerifyStoreOptions {
  /** Aborts the call. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each table is read. What it throws ends the call. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** The file operations to use, on the calling thread. @defaultValue Node's file system, in a worker thread */
  readonly fileSystem?: FileSystem;
}

/** The progress of `verifyStore`. */
export interface VerifyProgress {
  /** The number of tables that were checked. */
  readonly tables: number;
  /** The number of all tables. */
  readonly ofTables: number;
}

/** What `verifyStore` found. */
export interface VerifyStoreReport {
  /** Whether there are no problems. */
  readonly ok: boolean;
  /** The number of the current generation, or undefined if CURRENT names none. */
  readonly generation: number | undefined;
  /** The file names of the current version's tables that are sound. */
  readonly tableNames: readonly string[];
  /** The number of logs. */
  readonly logs: number;
  /** The number of operations in the logs, which no table holds yet. */
  readonly logOperations: number;
  /** The problems, at most 1,000. */
  readonly problems: readonly StoreProblem[];
  /** The number of all problems. */
  readonly problemCount: number;
  /**
   * Findings that are not problems: a log or a MANIFEST that ends in the middle of a record, which a crash leaves, but
   * also a truncation; keys that two tables of a level share; logs that a salvage or an interrupted open kept.
   */
  readonly notes: readonly StoreProblem[];
}

/**
 * Verifies a store; see the top of this file. Damage is in the report and is not thrown.
 *
 * @throws EngineError SSTITCH_STORE_NOT_FOUND, SSTITCH_STORE_FORMAT, SSTITCH_OPTION_INVALID, SSTITCH_ABORTED,
 * SSTITCH_FILE_OPERATION
 */
export async function verifyStore(
  location: string,
  options: VerifyStoreOptions = {},
): Promise<VerifyStoreReport> {
  checkDirectory(location, 'location');
  checkOptions(options, { signal: 'signal', onProgress: 'function', fileSystem: 'fileSystem' });
  const { fileSystem } = options;
  const pool = poolFor(fileSystem);
  try {
    return await new StoreVerification(pool, location, options).run();
  } catch (error) {
    throw asEngineError(error);
  }
}

class StoreVerification {
  readonly #pool: WorkerPool;
  readonly #location: string;
  readonly #options: VerifyStoreOptions;

  constructor(pool: WorkerPool, location: string, options: VerifyStoreOptions) {
    this.#pool = pool;
    this.#location = location;
    this.#options = options;
  }

  async run(): Promise<VerifyStoreReport> {
    for (let round = 1; ; round++) {
      const pointer = await this.#readPointer();
      if ('problem' in pointer) return reportOf(undefined, undefined, [], [pointer.problem]);
      const { generation, directory } = pointer;
      const report = await this.#verifyGeneration(generation, directory);
      if (report.ok || round === MAX_ROUNDS) return this.#withLeftLogs(report, directory);
      // The problems may be due to a commit, which removes the generation that was current.
      const again = await this.#readPointer();
      if ('problem' in again || again.generation === generation) {
        return this.#withLeftLogs(report, directory);
      }
    }
  }

  /** Adds notes about logs outside the store's generations. */
  async #withLeftLogs(report: VerifyStoreReport, directory: string): Promise<VerifyStoreReport> {
    const notes = await this.#pool.run(noteLeftLogsTask, { root: dirname(directory) });
    return { ...report, notes: [...report.notes, ...notes] };
  }

  async #readPointer(): Promise<
    { generation: number; directory: string } | { problem: StoreProblem }
  > {
    const path = this.#location;
    try {
      const { realPath, generation } = await this.#pool.run(
        prepareOpenTask,
        { location: path, createIfMissing: false, errorIfExists: false },
        { signal: this.#options.signal },
      );
      if (generation === undefined) throw new Error('prepareOpen returned no generation');
      return { generation, directory: `${realPath}/${generationName(generation)}` };
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'SSTITCH_STORE_CORRUPT') throw error;
      return { problem: { kind: 'store', message: error.message, path: error.path ?? path } };
    }
  }

  async #verifyGeneration(generation: number, directory: string): Promise<VerifyStoreReport> {
    const { signal } = this.#options;
    const pool = this.#pool;
    const checked = new Map<string, CheckedTable>();
    const damaged = new Map<string, StoreProblem>();
    for (let round = 1; ; round++) {
      const facts = await pool.run(readGenerationFactsTask, { directory }, { signal });
      const missing = await this.#verifyTables(pool, directory, facts, checked, damaged);
      if (missing && round < MAX_ROUNDS) continue;
      const problems = [...facts.problems];
      for (const { name } of facts.tables) {
        const problem = damaged.get(name);
        if (problem !== undefined) problems.push(problem);
      }
      const tables = facts.tables.flatMap(({ level, name }) => {
        const table = checked.get(name);
        return table === undefined ? [] : [{ level, table, name }];
      });
      // The consistency of tables and logs can only be checked if all of them are sound.
      if (problems.length === 0) {
        const { lastSequence, firstLogSequence } = facts;
        const input = { tables, lastSequence, firstLogSequence };
        problems.push(...(await pool.run(verifyTablesTogetherTask, input, { signal })));
      }
      const names = tables.map(({ name }) => name);
      return reportOf(generation, facts, names, problems);
    }
  }

  /** Verifies the tables that were not read yet. Returns true if one is gone, as the version has changed. */
  async #verifyTables(
    pool: WorkerPool,
    directory: string,
    facts: GenerationFacts,
    checked: Map<string, CheckedTable>,
    damaged: Map<string, StoreProblem>,
  ): Promise<boolean> {
    const { signal, onProgress } = this.#options;
    // A path with a problem may not be a regular file, and a pipe might never end: do not read it.
    const faulty = new Set(facts.problems.map(({ path }) => path));
    for (const [index, table] of facts.tables.entries()) {
      if (checked.has(table.name) || damaged.has(table.name)) continue;
      if (faulty.has(`${directory}/${table.name}`)) continue;
      onProgress?.({ tables: index, ofTables: facts.tables.length });
      const result = await pool.run(verifyListedTableTask, { directory, table }, { signal });
      if ('table' in result) checked.set(table.name, result.table);
      else if ('problem' in result) damaged.set(table.name, result.problem);
      // If the facts have problems, the missing table is one of them.
      else if (facts.problems.length === 0) return true;
    }
    return false;
  }
}

function reportOf(
  generation: number | undefined,
  facts: GenerationFacts | undefined,
  tableNames: readonly string[],
  problems: readonly StoreProblem[],
): VerifyStoreReport {
  return {
    ok: problems.length === 0,
    generation,
    tableNames,
    logs: facts?.logs ?? 0,
    logOperations: facts?.logOperations ?? 0,
    problems: problems.slice(0, MAX_LISTED_PROBLEMS),
    problemCount: problems.length,
    notes: facts?.notes ?? [],
  };
}
