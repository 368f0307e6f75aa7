// Lays text out in columns.
import { stripVTControlCharacters } from 'node:util';

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** @defaultValue 'left' */
  readonly align?: 'left' | 'right';
}

const GAP = '  ';
/** The indent of the further lines of a row. */
const INDENT = '  ';

/**
 * Lays out rows in columns under their titles. Cells may hold colours. A row that does not fit on a line
 * continues on further, indented lines, with its columns still aligned; no cell is split or omitted.
 *
 * @param lineWidth the most characters in a line
 * @returns lines that each end in a newline
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  titleStyle: (text: string) => string = (text) => text,
  lineWidth = Number.POSITIVE_INFINITY,
): string {
  // Not `Math.max(...widths)`: a table can have more rows than the stack has room for arguments.
  const widths = columns.map(({ title }, at) =>
    rows.reduce((width, row) => Math.max(width, widthOf(row[at] ?? '')), title.length),
  );
  const lines = columnsByLine(widths, lineWidth);
  const lineOf = (cells: readonly string[], first: number, end: number): string => {
    const padded = columns.slice(first, end).map(({ align }, index) => {
      const cell = cells[first + index] ?? '';
      const padding = ' '.repeat((widths[first + index] ?? 0) - widthOf(cell));
      return align === 'right' ? padding + cell : cell + padding;
    });
    return padded.join(GAP).trimEnd();
  };
  const rowOf = (cells: readonly string[], style: (text: string) => string): string =>
    lines
      .map(({ first, end }) => `${first === 0 ? '' : INDENT}${style(lineOf(cells, first, end))}\n`)
      .join('');
  const titles = columns.some(({ title }) => title !== '')
    ? [
        rowOf(
          columns.map(({ title }) => title),
          titleStyle,
        ),
      ]
    : [];
  return [...titles, ...rows.map((row) => rowOf(row, (text) => text))].join('');
}

interface LineOfColumns {
  readonly first: number;
  readonly end: number;
}

/** Puts as many columns on a line as fit, but at least one. */
function columnsByLine(widths: readonly number[], lineWidth: number): readonly LineOfColumns[] {
  const lines: LineOfColumns[] = [];
  let first = 0;
  let used = 0;
  for (const [at, width] of widths.entries()) {
    if (at > first && used + GAP.length + width > lineWidth) {
      lines.push({ first, end: at });
      first = at;
    }
    used = at > first ? used + GAP.length + width : (first === 0 ? 0 : INDENT.length) + width;
  }
  return [...lines, { first, end: widths.length }];
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
