// Checks a store from its files up, without LevelDB, which trusts its tables and can crash on broken ones:
// CURRENT and FORMAT, the directory of the generation in force, its MANIFEST's rules, every table in full and
// against what the MANIFEST says of it, the logs, and what ties all of these together.
//
// The store may be open and in use: nothing of it is written, linked or locked. What LevelDB deletes
// meanwhile is looked for anew; a table that was checked once is not read again.

import type { FileSystem } from '@sstitch/sst';
import { checkDirectory, checkOptions } from '../check-options.js';
import { EngineError } from '../errors.js';
import { parentDirectory } from '../files/place-file.js';
import { MAX_LISTED_PROBLEMS, type StoreProblem } from '../leveldb/problems.js';
import { generationName, prepareOpenTask } from '../store-directory/store-files.js';
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

/** Each round follows a commit or a compaction of the store's owner. */
const MAX_ROUNDS = 100;

export interface VerifyStoreOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called before each table. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** @defaultValue Node's file system, in a worker thread */
  readonly fileSystem?: FileSystem;
}

export interface VerifyProgress {
  /** Tables checked. */
  readonly tables: number;
  readonly ofTables: number;
}

export interface VerifyStoreReport {
  /** Whether there are no problems. */
  readonly ok: boolean;
  /** The generation that CURRENT names; undefined where it names none. */
  readonly generation: number | undefined;
  /** Names of the tables in force that were found sound. */
  readonly tableNames: readonly string[];
  readonly logs: number;
  /** Operations that are in the logs alone. */
  readonly logOperations: number;
  /** The first thousand. */
  readonly problems: readonly StoreProblem[];
  readonly problemCount: number;
  /**
   * What is not wrong but worth a look: a log or MANIFEST that ends in the middle of a record, which is
   * what a crash leaves, and what a split leaves too; keys that two tables of a level share; logs that a salvage, or
   * an opening that never ended, has put aside.
   */
  readonly notes: readonly StoreProblem[];
}

/**
 * Verifies a store; see the head of this file.
 *
 * @throws EngineError SSTITCH_STORE_NOT_FOUND, SSTITCH_STORE_FORMAT, SSTITCH_ABORTED,
 * SSTITCH_FILE_OPERATION; what is wrong with the store's own bytes is in the report
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
      // A commit removes the generation that was in force while it is looked at.
      const again = await this.#readPointer();
      if ('problem' in again || again.generation === generation) {
        return this.#withLeftLogs(report, directory);
      }
    }
  }

  /** What is in the store beside its generations. */
  async #withLeftLogs(report: VerifyStoreReport, directory: string): Promise<VerifyStoreReport> {
    const notes = await this.#pool.run(noteLeftLogsTask, { root: parentDirectory(directory) });
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
      if (generation === undefined) throw new Error('prepareOpen refuses what is not there');
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
    const broken = new Map<string, StoreProblem>();
    for (let round = 1; ; round++) {
      const facts = await pool.run(readGenerationFactsTask, { directory }, { signal });
      const missing = await this.#verifyTables(pool, directory, facts, checked, broken);
      if (missing && round < MAX_ROUNDS) continue;
      const problems = [...facts.problems];
      for (const { name } of facts.tables) {
        const problem = broken.get(name);
        if (problem !== undefined) problems.push(problem);
      }
      const tables = facts.tables.flatMap(({ level, name }) => {
        const table = checked.get(name);
        return table === undefined ? [] : [{ level, table, name }];
      });
      // The order of levels and logs is read off whole files.
      if (problems.length === 0) {
        const { lastSequence, firstLogSequence } = facts;
        const input = { tables, lastSequence, firstLogSequence };
        problems.push(...(await pool.run(verifyTablesTogetherTask, input, { signal })));
      }
      const names = tables.map(({ name }) => name);
      return reportOf(generation, facts, names, problems);
    }
  }

  /** Verifies the tables that were not yet; true where one is gone, so that the version has moved on. */
  async #verifyTables(
    pool: WorkerPool,
    directory: string,
    facts: GenerationFacts,
    checked: Map<string, CheckedTable>,
    broken: Map<string, StoreProblem>,
  ): Promise<boolean> {
    const { signal, onProgress } = this.#options;
    // What is known to be wrong may not even be a file: a pipe would be read for ever.
    const told = new Set(facts.problems.map(({ path }) => path));
    for (const [index, table] of facts.tables.entries()) {
      if (checked.has(table.name) || broken.has(table.name)) continue;
      if (told.has(`${directory}/${table.name}`)) continue;
      onProgress?.({ tables: index, ofTables: facts.tables.length });
      const result = await pool.run(verifyListedTableTask, { directory, table }, { signal });
      if ('table' in result) checked.set(table.name, result.table);
      else if ('problem' in result) broken.set(table.name, result.problem);
      // Missing for good is a problem that `facts` has.
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
