// The tasks of a verification: one reads the directory, its MANIFEST and its logs, one reads a table, and one checks
// the tables against one another. The steps are small, for aborts and progress.

import { compareBytes } from '@sstitch/contract';
import { type FileSystem, SstError, userKeyOf, verifyTable } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { logFileName } from '../leveldb/file-names.js';
import {
  inspectGeneration,
  MAX_ROUNDS,
  type ReadManifest,
  stateOf,
} from '../leveldb/inspect-generation.js';
import type { Version } from '../leveldb/manifest.js';
import { ProblemList, plain, problemOf, type StoreProblem } from '../leveldb/problems.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import { type CheckedTable, checkRunOrder } from '../tables/check-run-order.js';
import { defineTask } from '../threads/task.js';
import { LogCheck } from './log-check.js';

/** A table that the MANIFEST lists. */
export interface ListedTable extends TableEntry {
  readonly name: string;
  readonly level: number;
}

/** The contents of a directory, except for those of its tables. */
export interface GenerationFacts {
  readonly tables: readonly ListedTable[];
  readonly lastSequence: number;
  /** The sequence of the first operation in the logs, or undefined if there is none. */
  readonly firstLogSequence: number | undefined;
  /** The number of logs. */
  readonly logs: number;
  /** The number of operations in the logs. */
  readonly logOperations: number;
  readonly problems: readonly StoreProblem[];
  /** Findings that are not problems, such as an incomplete last record. */
  readonly notes: readonly StoreProblem[];
}

export interface DirectoryInput {
  readonly directory: string;
}

/** Reads a generation's directory, except for the contents of its tables. */
function readGenerationFacts(
  fileSystem: FileSystem,
  { directory }: DirectoryInput,
  checkCancelled: () => void,
): GenerationFacts {
  for (let round = 1; ; round++) {
    const before = stateOf(fileSystem, directory);
    const facts = readFactsOnce(fileSystem, directory, checkCancelled);
    if (facts.problems.length === 0 || round === MAX_ROUNDS) return facts;
    // Repeat if the MANIFEST has changed: a flush has replaced a log meanwhile.
    if (stateOf(fileSystem, directory) === before) return facts;
  }
}

export const readGenerationFactsTask = defineTask('readGenerationFacts', readGenerationFacts);

function readFactsOnce(
  fileSystem: FileSystem,
  directory: string,
  checkCancelled: () => void,
): GenerationFacts {
  const inspected = inspectGeneration(fileSystem, directory, checkCancelled);
  const { manifest, tableNames, logNumbers } = inspected;
  const problems = new ProblemList();
  for (const problem of inspected.problems) problems.add(problem);
  const notes = manifest === undefined ? [] : tornManifestNotes(manifest, directory);
  const lastSequence = manifest?.version.lastSequence ?? 0;
  const logs = new LogCheck(fileSystem, lastSequence, { problems, notes }, checkCancelled);
  for (const number of logNumbers) {
    checkCancelled();
    logs.check(`${directory}/${logFileName(number)}`);
  }
  const tables = (manifest?.version.levels ?? []).flatMap((entries, level) =>
    entries.map((table) => ({ level, table })),
  );
  return {
    tables: tables.map(({ level, table }, index) => ({
      ...table,
      level,
      name: tableNames[index] ?? '',
    })),
    lastSequence,
    firstLogSequence: logs.firstSequence,
    logs: logNumbers.length,
    logOperations: logs.operations,
    problems: problems.all.map(plain),
    notes: [...notes, ...(manifest ? sharedKeyNotes(manifest.version, directory) : [])],
  };
}

/** Returns a note if the MANIFEST has an incomplete last record, which LevelDB ignores. */
function tornManifestNotes({ name, tornAt }: ReadManifest, directory: string): StoreProblem[] {
  if (tornAt === undefined) return [];
  const path = `${directory}/${name}`;
  const message = `the MANIFEST ends in the middle of a record, as a crash leaves it (${path}, offset ${tornAt})`;
  return [{ kind: 'manifest', path, offset: tornAt, message }];
}

/**
 * Returns a note for each two tables of a level that share a key. LevelDB 1.20 makes such pairs, and get becomes stale
 * when it compacts one table of a pair alone (docs/leveldb-rules.md, rule 10).
 */
function sharedKeyNotes({ levels }: Version, directory: string): StoreProblem[] {
  return levels.slice(1).flatMap((tables, index) =>
    tables.slice(1).flatMap((table, before): StoreProblem[] => {
      const left = tables[before];
      if (left === undefined) return [];
      if (compareBytes(userKeyOf(left.largest), userKeyOf(table.smallest)) !== 0) return [];
      const message =
        `tables ${left.number} and ${table.number} of level ${index + 1} share a key, as LevelDB can leave them ` +
        `while snapshots are open: the next open or commit of the store repairs it (${directory})`;
      return [{ kind: 'manifest', path: directory, message }];
    }),
  );
}

export interface VerifyListedTableInput extends DirectoryInput {
  readonly table: ListedTable;
}

export type VerifiedTable =
  | { readonly table: CheckedTable }
  | { readonly problem: StoreProblem }
  | { readonly missing: true };

/** Reads one table in full and compares it with the MANIFEST. */
function verifyListedTable(
  fileSystem: FileSystem,
  { directory, table }: VerifyListedTableInput,
): VerifiedTable {
  const path = `${directory}/${table.name}`;
  try {
    const properties = verifyTable(fileSystem, path, { sizeBytes: table.sizeBytes });
    // LevelDB and SSTitch record the exact first and last keys, so different ones mean a different table.
    if (
      compareBytes(properties.smallest, table.smallest) !== 0 ||
      compareBytes(properties.largest, table.largest) !== 0
    ) {
      const message = `the table's first and last keys differ from those in the MANIFEST (${path})`;
      return { problem: { kind: 'table', path, message } };
    }
    return { table: { ...properties, path } };
  } catch (error) {
    if (error instanceof SstError && errorCodeOf(error.cause) === 'ENOENT')
      return { missing: true };
    const problem = problemOf('table', path, error);
    if (problem === undefined) throw error;
    return { problem: plain(problem) };
  }
}

export const verifyListedTableTask = defineTask('verifyListedTable', verifyListedTable);

export interface VerifyTogetherInput {
  readonly tables: ReadonlyArray<{ readonly level: number; readonly table: CheckedTable }>;
  readonly lastSequence: number;
  readonly firstLogSequence: number | undefined;
}

/** Checks the sequences and levels of sound tables against one another (docs/leveldb-rules.md, rules 6 and 11). */
function verifyTablesTogether(
  fileSystem: FileSystem,
  { tables, lastSequence, firstLogSequence }: VerifyTogetherInput,
  checkCancelled: () => void,
): StoreProblem[] {
  const problems: StoreProblem[] = [];
  for (const { table } of tables) {
    const { path, largestSequence } = table;
    const problem =
      largestSequence > lastSequence
        ? `has the sequence ${largestSequence}, but the MANIFEST ends at ${lastSequence}`
        : firstLogSequence !== undefined && largestSequence >= firstLogSequence
          ? `has the sequence ${largestSequence}, but the log begins at ${firstLogSequence}`
          : undefined;
    if (problem === undefined) continue;
    problems.push({ kind: 'table', path, message: `a table ${problem} (${path})` });
  }
  const deepest = Math.max(0, ...tables.map(({ level }) => level));
  const runs: CheckedTable[][] = [];
  for (let level = deepest; level > 0; level--) {
    runs.push(tables.filter((one) => one.level === level).map(({ table }) => table));
  }
  for (const { level, table } of tables) if (level === 0) runs.push([table]);
  try {
    checkRunOrder(fileSystem, runs, checkCancelled);
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'SSTITCH_TABLES_INVALID') throw error;
    const message =
      `${error.message}: get returns the older version, iterators the newer one. LevelDB can leave this after it ` +
      'compacts one of two tables that share a key while a snapshot is open. To repair it, open the store for ' +
      'writing; if that does not help, call compactRange from the key to itself';
    problems.push({ kind: 'table', path: error.path ?? '', message });
  }
  return problems;
}

export const verifyTablesTogetherTask = defineTask('verifyTablesTogether', verifyTablesTogether);
