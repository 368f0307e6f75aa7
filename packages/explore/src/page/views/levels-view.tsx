// Draws the LSM tree: one row per level and one bar per table. A bar's width is the table's size, its colours are the
// syncs whose keys the table may hold.
import type { LevelsShape, SyncShape, TableShape } from '../../shapes.js';
import { useAnswer } from '../answers.js';
import { ListTable, Problem, Waiting } from '../components/list-table.js';
import { Name } from '../components/name.js';
import { link, type Route } from '../route.js';
import { bytesText, countOf, countText, safeText, shortId, timeText } from '../words.js';

/** The number of colours in the style sheet. More syncs share them. */
const COLORS = 8;
const WIDTH = 1000;
const BAR_HEIGHT = 26;
const LEAST_TABLE_WIDTH = 1.5;
const GAP = 1;

interface LevelsViewProps {
  readonly route: Route;
  readonly syncs: readonly SyncShape[];
}

/** Shows the LSM tree and its tables. */
export function LevelsView({ route, syncs }: LevelsViewProps) {
  const { value, problem } = useAnswer<LevelsShape>('levels', {});
  const colors = new Map(syncs.map(({ syncId }, at) => [syncId, at % COLORS]));
  return (
    <>
      <header class="title">
        <h1>Levels</h1>
        {value === undefined ? <p class="facts" /> : <Facts {...{ value }} />}
      </header>
      {problem !== undefined && <Problem text={problem} />}
      {problem === undefined && value === undefined && <Waiting />}
      {value !== undefined && <Picture {...{ value, colors }} />}
      {value !== undefined && <Legend {...{ value, syncs, colors }} />}
      {/* Not before the picture above it, which would move it down. */}
      {(value ?? problem) !== undefined && <Tables {...{ route, colors }} />}
    </>
  );
}

function Facts({ value }: { readonly value: LevelsShape }) {
  const { generation, levels, logBytes, omitted } = value;
  const tables = levels.reduce((sum, level) => sum + level.tables.length, omitted);
  const bytes = levels.reduce((sum, level) => sum + level.bytes, 0);
  return (
    <p class="facts">
      <span class="mono">{generation}</span>
      <span>{countOf(tables, 'table')}</span>
      <span>{bytesText(bytes)}</span>
      <span>{bytesText(logBytes)} in the log</span>
      {omitted > 0 && <span>{countText(omitted)} small tables not shown</span>}
    </p>
  );
}

type Colors = ReadonlyMap<string, number>;

function Picture({ value, colors }: { readonly value: LevelsShape; readonly colors: Colors }) {
  if (value.levels.length === 0) {
    return <p class="empty">There are no tables yet: all data is in the log.</p>;
  }
  const largest = Math.max(...value.levels.map((level) => widthOf(level.tables, 1)));
  return (
    <div class="levels">
      {value.levels.map(({ level, bytes, tables }) => (
        <figure key={level}>
          <figcaption>
            <b>L{level}</b> {bytesText(bytes)}
            <span class="muted"> · {countOf(tables.length, 'table')}</span>
          </figcaption>
          <svg
            viewBox={`0 0 ${WIDTH} ${BAR_HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`Level ${level}: ${countOf(tables.length, 'table')}, ${bytesText(bytes)}`}
          >
            <Bars {...{ tables, colors }} scale={WIDTH / largest} />
          </svg>
        </figure>
      ))}
    </div>
  );
}

interface BarsProps {
  readonly tables: readonly TableShape[];
  readonly colors: Colors;
  /** Units of width per byte. */
  readonly scale: number;
}

function Bars({ tables, colors, scale }: BarsProps) {
  let x = 0;
  return (
    <>
      {tables.map((table) => {
        const { number, level, bytes, first, last, syncIds } = table;
        const width = Math.max(LEAST_TABLE_WIDTH, bytes * scale - GAP);
        const left = x;
        x += width + GAP;
        const stripes = syncIds.length === 0 ? [undefined] : syncIds;
        const step = width / stripes.length;
        return (
          <g key={number}>
            <title>
              {`table ${number}, L${level}, ${bytesText(bytes)}\n${safeText(first)}\n${safeText(last)}\n${syncIds.join('\n')}`}
            </title>
            {stripes.map((syncId, at) => (
              <rect
                key={syncId ?? ''}
                class={colorClass(syncId, colors)}
                x={left + at * step}
                y="0"
                width={step}
                height={BAR_HEIGHT}
              />
            ))}
          </g>
        );
      })}
    </>
  );
}

interface LegendProps {
  readonly value: LevelsShape;
  readonly syncs: readonly SyncShape[];
  readonly colors: Colors;
}

function Legend({ value, syncs, colors }: LegendProps) {
  const shown = new Set(
    value.levels.flatMap(({ tables }) => tables.flatMap(({ syncIds }) => syncIds)),
  );
  return (
    <ul class="colors">
      {syncs
        .filter(({ syncId }) => shown.has(syncId))
        .map(({ syncId, startedAt }) => (
          <li key={syncId}>
            <Swatch {...{ syncId, colors }} />
            <a href={link(['sync', syncId])}>
              {timeText(startedAt)} <span class="mono">{shortId(syncId)}</span>
            </a>
          </li>
        ))}
    </ul>
  );
}

function Swatch({ syncId, colors }: { readonly syncId: string; readonly colors: Colors }) {
  return (
    <svg class="swatch" viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
      <rect class={colorClass(syncId, colors)} width="10" height="10" rx="2" />
    </svg>
  );
}

function Tables({ route, colors }: { readonly route: Route; readonly colors: Colors }) {
  return (
    <ListTable<TableShape>
      {...{ route }}
      list="tables"
      parameters={{}}
      caption="Tables"
      empty="There is no table."
      columns={[
        { title: 'Level', isNumber: true, cell: ({ level }) => level },
        { title: 'Table', isNumber: true, cell: ({ number }) => number },
        { title: 'Size', isNumber: true, cell: ({ bytes }) => bytesText(bytes) },
        {
          title: 'Syncs',
          cell: ({ syncIds }) =>
            syncIds.map((syncId) => <Swatch key={syncId} {...{ syncId, colors }} />),
        },
        { title: 'First key', cell: ({ first }) => <Name text={first} mono /> },
        { title: 'Last key', cell: ({ last }) => <Name text={last} mono /> },
      ]}
    />
  );
}

function colorClass(syncId: string | undefined, colors: Colors): string {
  const color = syncId === undefined ? undefined : colors.get(syncId);
  return color === undefined ? 'color-none' : `color-${color}`;
}

/** Adds up the sizes of tables. */
function widthOf(tables: readonly TableShape[], scale: number): number {
  return tables.reduce((sum, { bytes }) => sum + bytes * scale, 0) || 1;
}
