// Text in columns.
import { stripVTControlCharacters } from 'node:util';

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** @defaultValue 'left' */
  readonly align?: 'left' | 'right';
}

const GAP = '  ';
/** In front of what follows the first line of a row. */
const INDENT = '  ';

/**
 * Lays rows out in columns, the titles above them. Cells may hold colours. Where a row does not fit a line, it
 * goes on in further ones, indented, columns still below each other: no cell is split, and none is left out.
 *
 * @param lineWidth what a line may be wide, in characters
 * @returns lines, each ended by a newline.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  titleStyle: (text: string) => string = (text) => text,
  lineWidth = Number.POSITIVE_INFINITY,
): string {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[at] ?? ''))),
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

/** As many columns to a line as fit, one at least. */
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
