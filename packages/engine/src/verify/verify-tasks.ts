// The file work of a verification, in steps small enough that an abort and progress come through: the
// folder, its MANIFEST and its logs; each table; what ties the tables together.
import { compareBytes, type FileSystem, SstError, userKeyOf, verifyTable } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { type CheckedTable, checkRunOrder } from '../extract/check-run-order.js';
import { MAX_LOG_SIZE_BYTES } from '../extract/copy-generation.js';
import { logFileName } from '../leveldb/file-names.js';
import { hasWrongLength, readLogRecords } from '../leveldb/log-format.js';
import type { Version } from '../leveldb/manifest.js';
import { readRegularFile } from '../leveldb/regular-file.js';
import type { TableEntry } from '../leveldb/version-edit.js';
import { checkBatch } from './check-batch.js';
import { inspectGeneration, MAX_ROUNDS, type ReadManifest, stateOf } from './inspect-generation.js';
import { ProblemList, plain, problemOf, type StoreProblem } from './problems.js';

/** A table that the MANIFEST lists. */
export interface ListedTable extends TableEntry {
  readonly name: string;
  readonly level: number;
}

/** What a folder holds but for the insides of its tables. */
export interface GenerationFacts {
  readonly tables: readonly ListedTable[];
  readonly lastSequence: number;
  /** The least sequence of a batch in the logs; undefined where they hold none. */
  readonly firstLogSequence: number | undefined;
  readonly logs: number;
  /** Operations in the logs. */
  readonly logOperations: number;
  readonly problems: readonly StoreProblem[];
  /** What a crash leaves, and a cut file too: the two cannot be told apart. */
  readonly notes: readonly StoreProblem[];
}

export interface FolderInput {
  readonly folder: string;
}

/** Everything about a generation but the insides of its tables. */
export function readGenerationFacts(
  fileSystem: FileSystem,
  { folder }: FolderInput,
  checkCancelled: () => void,
): GenerationFacts {
  for (let round = 1; ; round++) {
    const before = stateOf(fileSystem, folder);
    const facts = readFactsOnce(fileSystem, folder, checkCancelled);
    if (facts.problems.length === 0 || round === MAX_ROUNDS) return facts;
    // A flush replaces a log while it is looked at; then it has changed the MANIFEST too.
    if (stateOf(fileSystem, folder) === before) return facts;
  }
}

function readFactsOnce(
  fileSystem: FileSystem,
  folder: string,
  checkCancelled: () => void,
): GenerationFacts {
  const inspected = inspectGeneration(fileSystem, folder, checkCancelled);
  const { manifest, tableNames, logNumbers } = inspected;
  const problems = new ProblemList();
  for (const problem of inspected.problems) problems.add(problem);
  const notes: StoreProblem[] = [];
  if (manifest !== undefined) checkTornManifest(manifest, folder, problems, notes);
  const lastSequence = manifest?.version.lastSequence ?? 0;
  const logs = new LogCheck(fileSystem, lastSequence, problems, notes);
  for (const number of logNumbers) {
    checkCancelled();
    logs.check(`${folder}/${logFileName(number)}`);
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
    notes: [...notes, ...(manifest ? sharedKeyNotes(manifest.version, folder) : [])],
  };
}

function checkTornManifest(
  { name, bytes, tornAt }: ReadManifest,
  folder: string,
  problems: ProblemList,
  notes: StoreProblem[],
): void {
  if (tornAt === undefined) return;
  const at = { kind: 'manifest', path: `${folder}/${name}`, offset: tornAt } as const;
  if (hasWrongLength(bytes, tornAt)) problems.add({ ...at, message: wrongLength(at) });
  else notes.push({ ...at, message: torn('the MANIFEST', at) });
}

function wrongLength({ path, offset }: { path: string; offset: number }): string {
  return `a log record has a wrong length (${path}, offset ${offset})`;
}

function torn(what: string, { path, offset }: { path: string; offset: number }): string {
  return `${what} ends in the middle of a record, as a crash leaves it (${path}, offset ${offset})`;
}

/** LevelDB 1.20 makes such pairs itself; a compaction of one alone makes get stale (docs/leveldb-rules.md, rule 10). */
function sharedKeyNotes({ levels }: Version, folder: string): StoreProblem[] {
  return levels.slice(1).flatMap((tables, index) =>
    tables.slice(1).flatMap((table, before): StoreProblem[] => {
      const left = tables[before];
      if (left === undefined) return [];
      if (compareBytes(userKeyOf(left.largest), userKeyOf(table.smallest)) !== 0) return [];
      const message = `tables ${left.number} and ${table.number} of level ${index + 1} share a key (${folder})`;
      return [{ kind: 'manifest', path: folder, message }];
    }),
  );
}

/** Parses logs, oldest first: LevelDB would drop what is wrong in them without a word. */
class LogCheck {
  readonly #fileSystem: FileSystem;
  readonly #problems: ProblemList;
  readonly #notes: StoreProblem[];
  /** The MANIFEST's. */
  readonly #lastSequence: number;
  #nextSequence: number | undefined;
  firstSequence: number | undefined;
  operations = 0;

  constructor(
    fileSystem: FileSystem,
    lastSequence: number,
    problems: ProblemList,
    notes: StoreProblem[],
  ) {
    this.#fileSystem = fileSystem;
    this.#lastSequence = lastSequence;
    this.#problems = problems;
    this.#notes = notes;
  }

  check(path: string): void {
    this.#problems.collect('log', path, () => this.#checkLog(path));
  }

  #checkLog(path: string): void {
    const bytes = readRegularFile(this.#fileSystem, path, MAX_LOG_SIZE_BYTES);
    const records = readLogRecords(bytes, path);
    for (;;) {
      const next = records.next();
      if (next.done) {
        if (next.value !== undefined) this.#checkEnd(bytes, path, next.value);
        return;
      }
      const { data, offset } = next.value;
      const batch = checkBatch(data, path, offset);
      // LevelDB numbers operations without a gap, from one log to the next too.
      if (this.#nextSequence !== undefined && batch.sequence !== this.#nextSequence) {
        throw new EngineError(
          'SSTITCH_STORE_CORRUPT',
          `a batch of a log has the sequence ${batch.sequence}, the next one was to be ${this.#nextSequence}`,
          { path, offset },
        );
      }
      // A flush records a sequence at or behind the end of the log that it flushed.
      if (this.#nextSequence === undefined && batch.sequence > this.#lastSequence + 1) {
        throw new EngineError(
          'SSTITCH_STORE_CORRUPT',
          `the log begins at sequence ${batch.sequence}, the MANIFEST ends at ${this.#lastSequence}: what lay between is lost`,
          { path, offset },
        );
      }
      this.#nextSequence = batch.sequence + batch.operations;
      this.firstSequence ??= batch.sequence;
      this.operations += batch.operations;
    }
  }

  #checkEnd(bytes: Uint8Array, path: string, offset: number): void {
    const at = { kind: 'log', path, offset } as const;
    if (hasWrongLength(bytes, offset)) this.#problems.add({ ...at, message: wrongLength(at) });
    else this.#notes.push({ ...at, message: torn('a log', at) });
  }
}

export interface VerifyListedTableInput extends FolderInput {
  readonly table: ListedTable;
}

export type VerifiedTable =
  | { readonly table: CheckedTable }
  | { readonly problem: StoreProblem }
  | { readonly missing: true };

/** Reads one table in full and holds it against what the MANIFEST says of it. */
export function verifyListedTable(
  fileSystem: FileSystem,
  { folder, table }: VerifyListedTableInput,
): VerifiedTable {
  const path = `${folder}/${table.name}`;
  try {
    const properties = verifyTable(fileSystem, path, { sizeBytes: table.sizeBytes });
    // LevelDB and SSTitch record the very first and last key: others mean another table.
    if (
      compareBytes(properties.smallest, table.smallest) !== 0 ||
      compareBytes(properties.largest, table.largest) !== 0
    ) {
      const message = `the table's first and last key are not those that the MANIFEST says (${path})`;
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

export interface VerifyTogetherInput {
  readonly tables: ReadonlyArray<{ readonly level: number; readonly table: CheckedTable }>;
  readonly lastSequence: number;
  readonly firstLogSequence: number | undefined;
}

/** What ties sound tables together: sequences and levels (docs/leveldb-rules.md, rules 6 and 11). */
export function verifyTablesTogether(
  fileSystem: FileSystem,
  { tables, lastSequence, firstLogSequence }: VerifyTogetherInput,
  checkCancelled: () => void,
): StoreProblem[] {
  const problems: StoreProblem[] = [];
  for (const { table } of tables) {
    const { path, largestSequence } = table;
    const problem =
      largestSequence > lastSequence
        ? `has the sequence ${largestSequence}, the MANIFEST ends at ${lastSequence}`
        : firstLogSequence !== undefined && largestSequence >= firstLogSequence
          ? `has the sequence ${largestSequence}, the log begins at ${firstLogSequence}`
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
    problems.push({ kind: 'table', path: error.path ?? '', message: error.message });
  }
  return problems;
}
