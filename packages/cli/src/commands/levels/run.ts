import type { Run } from '../../command-line/command-context.js';
import { formatBytes, formatCountOf } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import type { levelsCommand } from './command.js';
import { type PicturedLevel, type PicturedTable, pictureLevels } from './level-picture.js';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SEVERAL = '+';
const OTHER = '.';
/** The width of the picture: 80 columns less the other columns. */
const PICTURE_COLUMNS = 44;
/** The indent of a picture on a line of its own. */
const INDENT_COLUMNS = 2;

export const run: Run<typeof levelsCommand> = async ({ columns, style }, { store }) => {
  const levels = await pictureLevels(store);
  const letters = lettersOf(levels);
  const largest = Math.max(...levels.map(sizeOf), 1);
  const picture = formatTable(
    [
      { title: 'LEVEL', align: 'right' },
      { title: 'TABLES', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'KEYS, FIRST TO LAST' },
    ],
    levels.map((level) => [
      String(level.level),
      String(level.tables.length),
      formatBytes(sizeOf(level)),
      strip(level, letters, largest, Math.min(PICTURE_COLUMNS, columns - INDENT_COLUMNS)),
    ]),
    style.bold,
    columns,
  );
  const legend = [...letters].map(([syncId, letter]) => `  ${letter}  ${syncId}\n`);
  const several = levels.some(({ tables }) => tables.some((table) => table.syncIds.length > 1));
  const total = formatCountOf(
    levels.reduce((sum, { tables }) => sum + tables.length, 0),
    'table',
  );
  return {
    document: { levels: levels.map((level) => ({ ...level, bytes: sizeOf(level) })) },
    text:
      levels.length === 0
        ? 'no tables\n'
        : `${picture}${legend.join('')}${several ? `  ${SEVERAL}  several syncs\n` : ''}${total}\n`,
  };
};

function lettersOf(levels: readonly PicturedLevel[]): Map<string, string> {
  const syncIds = new Set(levels.flatMap(({ tables }) => tables.flatMap((table) => table.syncIds)));
  return new Map(
    [...syncIds].sort().map((syncId, at) => [syncId, LETTERS[at % LETTERS.length] ?? OTHER]),
  );
}

/** Draws a level's tables, each as wide as its share of the largest level. */
function strip(
  { tables }: PicturedLevel,
  letters: ReadonlyMap<string, string>,
  largestBytes: number,
  width: number,
): string {
  const text = tables
    .map((table) =>
      letterOf(table, letters).repeat(
        Math.max(1, Math.round((table.sizeBytes / largestBytes) * width)),
      ),
    )
    .join('');
  if (text.length <= width) return text;
  // More tables than columns: draws a sample of them.
  return Array.from(
    { length: width },
    (_, at) => text[Math.floor((at * text.length) / width)],
  ).join('');
}

function letterOf({ syncIds }: PicturedTable, letters: ReadonlyMap<string, string>): string {
  const [syncId] = syncIds;
  if (syncIds.length > 1) return SEVERAL;
  return (syncId === undefined ? undefined : letters.get(syncId)) ?? OTHER;
}

function sizeOf({ tables }: PicturedLevel): number {
  return tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
