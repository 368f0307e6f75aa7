// Text in columns.
import { stripVTControlCharacters } from 'node:util';

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** @defaultValue 'left' */
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/**
 * Lays rows out in columns, the titles above them. Cells may hold colours.
 *
 * @returns lines, each ended by a newline.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  titleStyle: (text: string) => string = (text) => text,
): string {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[at] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, at) => {
        const cell = cells[at] ?? '';
        const padding = ' '.repeat((widths[at] ?? 0) - widthOf(cell));
        return align === 'right' ? padding + cell : cell + padding;
      })
      .join(GAP)
      .trimEnd();
  const titles = columns.some(({ title }) => title !== '')
    ? [titleStyle(line(columns.map(({ title }) => title)))]
    : [];
  return [...titles, ...rows.map(line)].map((text) => `${text}\n`).join('');
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
