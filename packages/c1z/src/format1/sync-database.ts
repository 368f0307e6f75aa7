// Reads the rows of syncs from a decoded database. Runs in the reader process, so it may block.
//
// The file is untrusted. Invariants:
// - no code in the file is evaluated: a database with views, virtual tables or triggers is refused, and so are generated
//   columns; checks and indexes are not used
// - every b-tree is checked before it is read (quick_check is linear and visits each page once), so that a scan
//   of it ends
// - no value over the limit is loaded: its length is queried first
// - each value is checked to have the kind of its column
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Database, SQLiteValue, Statement } from 'node-sqlite3-wasm';
import { C1zError, messageOf } from '../errors.js';
import { MAX_PAGE_BYTES, MAX_SYNC_RUN_BYTES, MAX_SYNC_RUNS } from '../sync-contents.js';
import { RowChecks, rowIdOf, sizeOf } from './checked-rows.js';
import { KEPT_RECORDS_TABLE } from './kept-records.js';
import {
  type Column,
  type RowBatch,
  type RowId,
  SYNC_TABLE_NAMES,
  SYNC_TABLES,
  type SyncRunRow,
  type SyncTableName,
} from './sync-tables.js';

// With `require`, because Node scans the whole text of an imported CommonJS module for its exports: 28 ms of
// the 0.4 s in which a small file opens.
const require = createRequire(import.meta.url);
const sqlite = require('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');

export interface DatabaseLimits {
  readonly maxValueBytes: number;
  readonly batchRecords: number;
}

/** Which rows to read. */
export interface RowsAsked {
  readonly table: SyncTableName;
  readonly syncId: string;
  /** The last row id of the previous batch; undefined at the start. */
  readonly afterRowId: RowId | undefined;
  /** Whether to read the columns with names too. */
  readonly withNames: boolean;
}

/** Texts are bound as bytes, because a bound text would end at its first zero byte. */
const UTF8 = new TextEncoder();
const SYNC_ID: Column = { name: 'sync_id', kind: 'text' };

/** A row of pragma_table_list. */
interface TableEntry {
  readonly type: string;
  /** 1 for a table WITHOUT ROWID. */
  readonly wr: number;
}

/** A row of PRAGMA table_xinfo. */
interface ColumnEntry {
  readonly name: string;
  /** 0 for a stored column; others are generated or belong to a virtual table. */
  readonly hidden: number;
}

interface CheckEntry {
  readonly quick_check: string;
}

export class SyncDatabase {
  readonly #database: Database;
  /** The path of the .c1z file, for messages. */
  readonly #path: string;
  readonly #limits: DatabaseLimits;
  readonly #rows: RowChecks;
  /** For each table in the file, the needed columns that it has. */
  readonly #columns = new Map<SyncTableName, readonly Column[]>();
  readonly #statements = new Map<string, Statement>();
  #hasKeptRecords = false;

  private constructor(database: Database, path: string, limits: DatabaseLimits) {
    this.#database = database;
    this.#path = path;
    this.#limits = limits;
    this.#rows = new RowChecks(path, limits.maxValueBytes);
  }

  /**
   * Opens and checks a database.
   * @param databasePath the decoded file; its journal mode may be rewritten
   * @param path the path of the .c1z file, for messages
   * @throws C1zError SSTITCH_C1Z_CORRUPT
   */
  static open(databasePath: string, path: string, limits: DatabaseLimits): SyncDatabase {
    checkHeader(databasePath, path);
    return guarded(path, 'the database cannot be opened', () => {
      const database = new sqlite.Database(databasePath, { readOnly: true, fileMustExist: true });
      const opened = new SyncDatabase(database, path, limits);
      try {
        database.exec(
          'PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA ignore_check_constraints=ON',
        );
        // One read transaction while the file is open: otherwise SQLite locks and unlocks it for every
        // statement, which this build does by creating and removing a directory.
        database.exec('BEGIN');
        opened.#checkSchema();
        for (const table of SYNC_TABLE_NAMES) {
          const columns = opened.#takeTable(table, SYNC_TABLES[table]);
          if (columns !== undefined) opened.#columns.set(table, columns);
        }
        const kept = opened.#takeTable(KEPT_RECORDS_TABLE, [{ name: 'record', kind: 'blob' }]);
        opened.#hasKeptRecords = kept !== undefined;
      } catch (error) {
        opened.close();
        throw error;
      }
      return opened;
    });
  }

  /** Reads all runs. @throws C1zError SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE */
  syncRuns(): { readonly row: SyncRunRow; readonly rowId: RowId }[] {
    const table = 'v1_sync_runs';
    return guarded(this.#path, `${table} cannot be read`, () => {
      const runs: { readonly row: SyncRunRow; readonly rowId: RowId }[] = [];
      let bytes = 0;
      const columns = [SYNC_ID, ...(this.#columns.get(table) ?? [])];
      const statement = this.#database.prepare(
        `SELECT ${this.#rows.selection(columns)} FROM ${table} NOT INDEXED ORDER BY rowid`,
      );
      try {
        for (const row of rowsOf(statement)) {
          const run = this.#rows.checked(table, row, [SYNC_ID, ...SYNC_TABLES[table]]);
          runs.push({ row: run as unknown as SyncRunRow, rowId: rowIdOf(row) });
          bytes += sizeOf(run);
          if (runs.length > MAX_SYNC_RUNS || bytes > MAX_SYNC_RUN_BYTES) {
            throw new C1zError(
              'SSTITCH_C1Z_TOO_LARGE',
              `${table} has more than ${MAX_SYNC_RUNS} rows or ${MAX_SYNC_RUN_BYTES} bytes`,
              { path: this.#path },
            );
          }
        }
      } finally {
        statement.finalize();
      }
      return runs;
    });
  }

  /**
   * Reads the next rows of a sync in a table.
   * @throws C1zError SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE
   */
  batch({ table, syncId, afterRowId, withNames }: RowsAsked): RowBatch {
    return guarded(this.#path, `${table} cannot be read`, () => {
      const present = this.#columns.get(table);
      if (present === undefined) return { rows: [], rowIds: [], isLast: true };
      const isRead = ({ isName }: Column) => withNames || isName !== true;
      const columns = SYNC_TABLES[table].filter(isRead);
      const statement = this.#statementFor(table, present.filter(isRead));
      const after = afterRowId ?? Number.NEGATIVE_INFINITY;
      const rows: Record<string, unknown>[] = [];
      const rowIds: RowId[] = [];
      let bytes = 0;
      for (const row of rowsOf(statement, [
        after,
        UTF8.encode(syncId),
        this.#limits.batchRecords,
      ])) {
        const checked = this.#rows.checked(table, row, columns);
        const rowId = rowIdOf(row);
        const before = rowIds.at(-1) ?? afterRowId;
        if (before !== undefined && rowId <= before) {
          throw this.#corrupt(table, 'row ids do not ascend');
        }
        rows.push(checked);
        rowIds.push(rowId);
        bytes += sizeOf(checked);
        if (bytes >= MAX_PAGE_BYTES) return { rows, rowIds, isLast: false };
      }
      return { rows, rowIds, isLast: rows.length < this.#limits.batchRecords };
    });
  }

  /** Counts the rows of a sync in a table. @throws C1zError SSTITCH_C1Z_CORRUPT */
  count(table: SyncTableName, syncId: string): number {
    if (!this.#columns.has(table)) return 0;
    return guarded(this.#path, `${table} cannot be counted`, () => {
      const statement = this.#prepared(
        `SELECT count(*) AS rows FROM ${table} NOT INDEXED WHERE sync_id = CAST(?1 AS TEXT) COLLATE BINARY`,
      );
      const [row] = [...rowsOf(statement, [UTF8.encode(syncId)])];
      return Number(row?.['rows'] ?? 0);
    });
  }

  /**
   * Reads the first kept record in a range of ids.
   * @throws C1zError SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE
   */
  keptRecord(
    from: number,
    to: number,
  ): { readonly id: number; readonly record: Uint8Array } | undefined {
    if (!this.#hasKeptRecords) return undefined;
    const table = KEPT_RECORDS_TABLE;
    return guarded(this.#path, `${table} cannot be read`, () => {
      const columns: readonly Column[] = [{ name: 'record', kind: 'blob' }];
      const statement = this.#prepared(
        `SELECT ${this.#rows.selection(columns)} FROM ${table} NOT INDEXED ` +
          'WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid LIMIT 1',
      );
      const [row] = [...rowsOf(statement, [from, to])];
      if (row === undefined) return undefined;
      const { record } = this.#rows.checked(table, row, columns);
      return { id: Number(rowIdOf(row)), record: record as Uint8Array };
    });
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  /**
   * Refuses views, virtual tables and triggers, which connectors do not make. SQLite resolves the columns of all views
   * when it lists a table, and views of views take exponential time. Only tables and indexes have a root page.
   */
  #checkSchema(): void {
    const [entry] = this.#query<{ readonly name: unknown }>(
      'SELECT substr(name, 1, 64) AS name FROM sqlite_schema WHERE coalesce(CAST(rootpage AS INTEGER), 0) = 0 LIMIT 1',
    );
    if (entry !== undefined) {
      throw this.#corrupt(String(entry.name), 'this is not an ordinary table or index');
    }
  }

  /**
   * Checks a table; returns those of `columns` that it has, or undefined if the table is missing. SQLite
   * ignores the case of names.
   */
  #takeTable(table: string, columns: readonly Column[]): readonly Column[] | undefined {
    const [entry] = this.#query<TableEntry>(
      "SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE",
      [table],
    );
    if (entry === undefined) {
      // A missing table of records counts as empty, as in baton-sdk, which then creates it.
      if (table !== 'v1_sync_runs') return undefined;
      throw this.#corrupt(table, 'the table is missing');
    }
    if (entry.type !== 'table' || entry.wr !== 0) {
      throw this.#corrupt(table, 'this is not an ordinary table');
    }
    const stored = new Set<string>();
    let computed: string | undefined;
    for (const column of this.#query<ColumnEntry>(`PRAGMA table_xinfo(${table})`)) {
      const name = column.name.toLowerCase();
      // A column of this name would hide the real row id.
      if (name === 'rowid') throw this.#corrupt(table, 'a column is named rowid');
      if (column.hidden === 0) stored.add(name);
      else computed = name;
    }
    const needed = table === KEPT_RECORDS_TABLE ? columns : [SYNC_ID, ...columns];
    for (const column of needed) {
      if (!stored.has(column.name) && column.optional !== true) {
        throw this.#corrupt(table, `the stored column ${column.name} is missing`);
      }
    }
    // quick_check computes it, however long that takes.
    if (computed !== undefined) throw this.#corrupt(table, `the column ${computed} is computed`);
    const [check] = this.#query<CheckEntry>(`PRAGMA quick_check(${table})`);
    if (check?.quick_check !== 'ok') throw this.#corrupt(table, String(check?.quick_check));
    return columns.filter(({ name }) => stored.has(name));
  }

  /** Queries SQLite's own metadata, whose rows are of type `Entry` by its documentation. */
  #query<Entry>(sql: string, values: string[] = []): Entry[] {
    return this.#database.all(sql, values) as Entry[];
  }

  #statementFor(table: SyncTableName, columns: readonly Column[]): Statement {
    // Reads in the order of row ids, because an index of an untrusted file may be wrong. Each batch continues
    // where the previous one ended, so that a sync costs one scan of the table.
    return this.#prepared(
      `SELECT ${this.#rows.selection(columns)} FROM ${table} NOT INDEXED ` +
        'WHERE rowid > ?1 AND sync_id = CAST(?2 AS TEXT) COLLATE BINARY ORDER BY rowid LIMIT ?3',
    );
  }

  #prepared(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #corrupt(table: string, what: string): C1zError {
    return new C1zError('SSTITCH_C1Z_CORRUPT', `${table}: ${what}`, { path: this.#path });
  }
}

const HEADER_BYTES = 100;
const HEADER_MAGIC = 'SQLite format 3\0';
const JOURNAL_MODE_OFFSET = 18;
const ROLLBACK_JOURNAL = 1;
const WRITE_AHEAD_LOG = 2;

/**
 * Checks the header of the database. Connectors leave it in write-ahead-log mode with a checkpointed log.
 * Opening such a database needs shared memory, which the WebAssembly build lacks, so this sets the two mode
 * bytes of our own copy to a rollback journal.
 */
function checkHeader(databasePath: string, path: string): void {
  const fileDescriptor = openSync(databasePath, 'r+');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(fileDescriptor, header, 0, HEADER_BYTES, 0);
    if (
      fstatSync(fileDescriptor).size < HEADER_BYTES ||
      !header.toString('latin1').startsWith(HEADER_MAGIC)
    ) {
      throw new C1zError('SSTITCH_C1Z_CORRUPT', 'the decoded file is not an SQLite database', {
        path,
      });
    }
    if (header[JOURNAL_MODE_OFFSET] === WRITE_AHEAD_LOG) {
      const mode = Uint8Array.of(ROLLBACK_JOURNAL, ROLLBACK_JOURNAL);
      writeSync(fileDescriptor, mode, 0, mode.length, JOURNAL_MODE_OFFSET);
    }
  } finally {
    closeSync(fileDescriptor);
  }
}

/** Runs a read of the file. Any error of SQLite means that the file is corrupt. */
function guarded<T>(path: string, what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof C1zError) throw cause;
    throw new C1zError('SSTITCH_C1Z_CORRUPT', `${what}: ${messageOf(cause)}`, { path, cause });
  }
}

function rowsOf(statement: Statement, values: SQLiteValue[] = []) {
  // Without the option `expand`, rows are flat.
  return statement.iterate(values) as IterableIterator<Record<string, SQLiteValue>>;
}
