// Selects columns and checks each row: no value over the limit is loaded, and each value has the kind of its column.
//
// Texts are read as bytes together with their type, because node-sqlite3-wasm ends a text at its first zero byte.
import type { SQLiteValue } from 'node-sqlite3-wasm';
import { C1zError } from '../errors.js';
import type { Column, RowId } from './sync-tables.js';

const LONGEST = 'longest value';
const ROW_ID = 'row id';
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

type Row = Readonly<Record<string, SQLiteValue>>;

export class RowChecks {
  /** The path of the .c1z file, for messages. */
  readonly #path: string;
  readonly #maxValueBytes: number;

  constructor(path: string, maxValueBytes: number) {
    this.#path = path;
    this.#maxValueBytes = maxValueBytes;
  }

  /**
   * The columns to select. octet_length of a column reads only the row's head, so that a value that is too long
   * is never loaded.
   */
  selection(columns: readonly Column[]): string {
    const length = (name: string) => `coalesce(octet_length("${name}"), 0)`;
    const values = columns.map(({ name, kind }) => {
      const value = kind === 'text' ? `CAST("${name}" AS BLOB)` : `"${name}"`;
      const type = kind === 'text' ? `, typeof("${name}") AS "${typeName(name)}"` : '';
      return `CASE WHEN ${length(name)} <= ${this.#maxValueBytes} THEN ${value} END AS "${name}"${type}`;
    });
    const longest = columns.map(({ name }) => length(name)).join(', ');
    return [`rowid AS "${ROW_ID}"`, `max(0, ${longest}) AS "${LONGEST}"`, ...values].join(', ');
  }

  /**
   * Checks a row that was selected with `selection` and returns its values.
   * @throws C1zError SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE
   */
  checked(table: string, row: Row, columns: readonly Column[]): Record<string, unknown> {
    if (Number(row[LONGEST]) > this.#maxValueBytes) {
      throw new C1zError(
        'SSTITCH_C1Z_TOO_LARGE',
        `${table}, row ${rowIdOf(row)}: a value of ${row[LONGEST]} bytes, but ${this.#maxValueBytes} is the limit (option maxValueBytes)`,
        { path: this.#path },
      );
    }
    const checked: Record<string, unknown> = {};
    for (const column of columns) {
      const value = column.kind === 'text' ? textOf(row, column.name) : (row[column.name] ?? null);
      if (value === null ? column.nullable !== true : !isOfKind(value, column)) {
        throw new C1zError(
          'SSTITCH_C1Z_CORRUPT',
          `${table}: row ${rowIdOf(row)}: ${column.name} is ${kindOf(value)}, not ${column.kind}`,
          { path: this.#path },
        );
      }
      checked[column.name] = column.kind === 'flag' && value !== null ? Number(value) !== 0 : value;
    }
    return checked;
  }
}

export function rowIdOf(row: Row): RowId {
  const rowId = row[ROW_ID];
  if (typeof rowId !== 'number' && typeof rowId !== 'bigint')
    throw new Error('a row without an id');
  return rowId;
}

/** About how many bytes a row takes in memory. */
export function sizeOf(row: Readonly<Record<string, unknown>>): number {
  let bytes = 0;
  for (const value of Object.values(row)) {
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}

function typeName(column: string): string {
  return `type of ${column}`;
}

/** A column that is read as bytes: its text or, if its type is another one, its value. */
function textOf(row: Row, name: string): SQLiteValue {
  const bytes = row[name] ?? null;
  const type = row[typeName(name)];
  if (type === 'text' && bytes instanceof Uint8Array) return UTF8.decode(bytes);
  return type === 'integer' || type === 'real' ? 0 : bytes;
}

function isOfKind(value: SQLiteValue, column: Column): boolean {
  switch (column.kind) {
    case 'text':
      return typeof value === 'string';
    case 'blob':
      return value instanceof Uint8Array;
    case 'flag':
      return typeof value === 'number' || typeof value === 'bigint';
  }
}

function kindOf(value: SQLiteValue): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return 'blob';
  return typeof value === 'string' ? 'text' : 'a number';
}
