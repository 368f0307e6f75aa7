// Reads the rows of a CSV file as cells by column.

import { pipeline, Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { LinesError, messageOf } from '../errors.js';
import { textBeforeDamage } from '../streams/find-damage.js';
import { type LinesInput, type ReadBytesOptions, readBytes } from '../streams/read-bytes.js';
import { textOfCell } from './cells.js';
import { COLUMNS, type ColumnName, EMPTY_ROW, type GrantRow } from './columns.js';

/** A row and the line on which it begins, counted from 1. */
export interface NumberedRow {
  readonly line: number;
  readonly row: GrantRow;
}

/** The limit for a row, far above what a row of ids and names needs. */
const MAX_ROW_CHARACTERS = 4 * 2 ** 20;
/**
 * The most cells of a row, far more than there are columns. Delimiters after the last cell belong to its text. So the
 * limit of a row counts them: empty cells have no characters, and without this a row could have any number of them.
 */
const MAX_CELLS = 1000;
/** The limit for the header. */
const MAX_HEADER_BYTES = 64 * 1024;
const LINE_FEED = 10;

/** Messages for csv-parse's error codes. */
const PROBLEMS: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE:
    'a cell continues after its closing quote: double the quotes inside a cell',
  INVALID_OPENING_QUOTE: 'a quote is inside a cell that does not begin with a quote',
  CSV_QUOTE_NOT_CLOSED: 'a quote is not closed',
  CSV_MAX_RECORD_SIZE: `the row is longer than ${MAX_ROW_CHARACTERS} characters: perhaps a quote is not closed`,
};

/** A row as csv-parse returns it with the option `info`. */
interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number; readonly empty_lines: number };
}

/**
 * Yields the rows after the header. Cells are separated by commas, semicolons or tabs, whichever the header uses.
 * @throws LinesError SSTITCH_LINES_INVALID with the line, and the errors of `readBytes`
 */
export async function* readRows(
  input: LinesInput,
  options: ReadBytesOptions,
): AsyncGenerator<NumberedRow, void, undefined> {
  const { name: path } = options;
  const chunks = new TextChunks(readBytes(input, options), path);
  const head = await chunks.firstLine();
  const parser = parse({
    bom: true,
    delimiter: /[,;\t]/.exec(head)?.[0] ?? ',',
    ignore_last_delimiters: MAX_CELLS,
    info: true,
    max_record_size: MAX_ROW_CHARACTERS,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const parsed = pipeline(Readable.from(chunks, { objectMode: false }), parser, () => undefined);
  let columns: readonly ColumnName[] | undefined;
  let before = { lines: 0, empty_lines: 0 };
  try {
    for await (const { record, info } of parsed as AsyncIterable<ParsedRow>) {
      const line = before.lines + 1 + info.empty_lines - before.empty_lines;
      before = info;
      if (columns === undefined) columns = columnsOf(record, path, line);
      else yield { line, row: rowOf(record, columns, { path, line }) };
    }
  } catch (cause) {
    if (cause instanceof LinesError) throw cause;
    const { code, lines } = cause as { readonly code?: string; readonly lines?: number };
    const problem = PROBLEMS[code ?? ''] ?? messageOf(cause);
    throw new LinesError('SSTITCH_LINES_INVALID', problem, { path, line: lines, cause });
  }
  if (columns === undefined) {
    throw new LinesError('SSTITCH_LINES_INVALID', 'the file has no row of column names', { path });
  }
}

/** @throws LinesError SSTITCH_LINES_INVALID */
function columnsOf(
  cells: readonly string[],
  path: string | undefined,
  line: number,
): readonly ColumnName[] {
  const invalid = (problem: string, column?: string) =>
    new LinesError('SSTITCH_LINES_INVALID', problem, { path, line, column });
  const names = cells.map((cell) => cell.trim());
  const known = COLUMNS.map(({ name }) => name);
  const other = names.find((name) => !known.includes(name as ColumnName));
  if (other !== undefined) {
    throw invalid(
      `unknown column: rename or remove it (the columns are ${known.join(', ')})`,
      other,
    );
  }
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw invalid('the column appears twice', twice);
  const missing = COLUMNS.find(({ name, isRequired }) => isRequired && !names.includes(name));
  if (missing !== undefined) throw invalid(`the column ${missing.name} is missing`);
  return names as ColumnName[];
}

/** @throws LinesError SSTITCH_LINES_INVALID */
function rowOf(
  cells: readonly string[],
  columns: readonly ColumnName[],
  place: { readonly path: string | undefined; readonly line: number },
): GrantRow {
  if (cells.length !== columns.length) {
    throw new LinesError(
      'SSTITCH_LINES_INVALID',
      `the row has ${cells.length} cells, but there are ${columns.length} columns`,
      place,
    );
  }
  const row = {
    ...EMPTY_ROW,
    ...Object.fromEntries(columns.map((name, at) => [name, textOfCell(cells[at] ?? '')])),
  };
  const empty = COLUMNS.find(({ name, isRequired }) => isRequired && row[name] === '');
  if (empty === undefined) return row;
  throw new LinesError('SSTITCH_LINES_INVALID', 'the cell is empty', {
    ...place,
    column: empty.name,
  });
}

/** Passes bytes through and checks that they are UTF-8; csv-parse would replace invalid bytes. */
class TextChunks implements AsyncIterable<Uint8Array> {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #path: string | undefined;
  #line = 1;
  #first: Uint8Array[] = [];

  constructor(chunks: AsyncIterable<Uint8Array>, path: string | undefined) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#path = path;
  }

  /** Returns the first line, or as much of it as a header may have, without consuming it. */
  async firstLine(): Promise<string> {
    let bytes = 0;
    while (bytes < MAX_HEADER_BYTES && this.#first.at(-1)?.includes(LINE_FEED) !== true) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      this.#first.push(chunk);
      bytes += chunk.length;
    }
    return Buffer.concat(this.#first).toString('utf8').split('\n')[0] ?? '';
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#first;
      this.#first = [];
      for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) {
        yield chunk;
      }
    } finally {
      await this.#chunks.return?.();
    }
  }

  /** @throws LinesError SSTITCH_LINES_INVALID */
  async #next(): Promise<Uint8Array | undefined> {
    const { value, done } = await this.#chunks.next();
    try {
      if (done === true) this.#decoder.decode();
      else this.#decoder.decode(value, { stream: true });
    } catch (cause) {
      await this.#chunks.return?.();
      throw new LinesError(
        'SSTITCH_LINES_INVALID',
        'the file is not UTF-8: save the sheet as "CSV UTF-8"',
        { path: this.#path, line: done === true ? this.#line : this.#lineOfDamage(value), cause },
      );
    }
    if (done === true) return undefined;
    for (let at = value.indexOf(LINE_FEED); at >= 0; at = value.indexOf(LINE_FEED, at + 1)) {
      this.#line += 1;
    }
    return value;
  }

  /** The line of the invalid bytes in a chunk; that of the chunk's start if a character spans two chunks. */
  #lineOfDamage(chunk: Uint8Array): number {
    // The chunk may begin amid a character.
    const start = chunk.findIndex((byte) => (byte & 0xc0) !== 0x80);
    return this.#line + textBeforeDamage(chunk.subarray(start)).split('\n').length - 1;
  }
}
