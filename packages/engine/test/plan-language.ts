// The language of golden/planned-versions.txt: versions of a database as text.
//
//   L0: 9[c..m] 8[a..z]           a level's tables: number, and the user keys of the bounds
//   L1: 5[a..c@7] 6[c@4..e]       @ precedes a bound's sequence, which is 1 if it is omitted
//   replace: [b,d) [x,)           the spans, in order; [x,) has no end
//   into [b,d): 20[b..c] | 21[b]  the runs that are ingested into a span, oldest first; 21[b] holds one key
//
// The output lists the tables of the planned version. It is checked as LevelDB would: levels 1 to 6 are sorted, and no
// user key is in two tables of one of them.
import { compareBytes, keyAfter, type Span } from '@sstitch/contract';
import { makeInternalKey, userKeyOf } from '@sstitch/sst';
import { planBase, planIncoming, type VersionPlan } from '../src/commit/plan.js';
import { LEVEL_COUNT, type TableEntry } from '../src/leveldb/version-edit.js';

interface PlannedTable {
  readonly table: TableEntry;
  readonly ranges: readonly Span[];
  readonly text: string;
}

/** Makes the plan that the lines describe, and lists the planned version. */
export function planLines(lines: readonly string[]): string {
  const levels: TableEntry[][] = Array.from({ length: LEVEL_COUNT }, () => []);
  let spans: Span[] = [];
  const incoming = new Map<string, TableEntry[][]>();
  for (const line of lines) {
    const [, head = '', rest = ''] = /^([^:]+): *(.*)$/.exec(line) ?? [];
    const level = levels[Number(/^L(\d)$/.exec(head)?.[1])];
    if (level !== undefined) level.push(...words(rest).map(parseTable));
    else if (head === 'replace') spans = words(rest).map(parseSpan);
    else if (head.startsWith('into ')) {
      const runs = rest.split('|').map((run) => words(run).map(parseTable));
      incoming.set(head.slice('into '.length), runs);
    } else throw new Error(`not a line of the language: ${line}`);
  }
  const names = spans.map(printSpan);
  for (const name of incoming.keys()) {
    if (!names.includes(name)) throw new Error(`${name} is none of the spans ${names.join(' ')}`);
  }
  const base = planBase({ levels }, spans);
  const plan = planIncoming(
    base,
    names.map((name) => incoming.get(name) ?? []),
  );
  return printPlan(plan, levels.flat(), names);
}

function printPlan(
  plan: VersionPlan<TableEntry>,
  before: readonly TableEntry[],
  names: readonly string[],
): string {
  const output: string[] = [];
  const left = new Set(before);
  for (let level = 0; level < LEVEL_COUNT; level++) {
    const tables = tablesOf(plan, level, names);
    if (tables.length === 0) continue;
    if (level > 0) tables.sort((one, other) => compareBytes(startOf(one), startOf(other)));
    if (level > 0) checkDisjoint(tables);
    output.push(`L${level}`, ...tables.map(({ text }) => `  ${text}`));
    for (const { table } of tables) left.delete(table);
  }
  if (output.length === 0) output.push('no tables');
  if (left.size > 0) output.push(`excised: ${[...left].map(({ number }) => number).join(' ')}`);
  return output.join('\n');
}

function tablesOf(
  { links, splits, placed }: VersionPlan<TableEntry>,
  level: number,
  names: readonly string[],
): PlannedTable[] {
  const at = (step: { readonly level: number }) => step.level === level;
  const whole = (table: TableEntry): Span[] => [
    { start: userKeyOf(table.smallest), end: keyAfter(userKeyOf(table.largest)) },
  ];
  return [
    ...links.filter(at).map(({ table }) => {
      return { table, ranges: whole(table), text: `${table.number} linked` };
    }),
    ...splits.filter(at).flatMap(({ table, outputs }) =>
      outputs.map((ranges) => {
        const kept = ranges.map(printSpan).join(' ');
        return { table, ranges, text: `${table.number} split, keeps ${kept}` };
      }),
    ),
    ...placed.filter(at).map(({ table, spanIndex }) => {
      return { table, ranges: whole(table), text: `${table.number} placed in ${names[spanIndex]}` };
    }),
  ];
}

function startOf({ ranges: [first] }: PlannedTable): Uint8Array {
  if (first === undefined) throw new Error('a table without a range is planned');
  return first.start;
}

function checkDisjoint(tables: readonly PlannedTable[]): void {
  for (const [index, { ranges, text }] of tables.entries()) {
    const next = tables[index + 1];
    const end = ranges.at(-1)?.end;
    if (next === undefined || end === undefined) continue;
    if (compareBytes(end, startOf(next)) > 0) throw new Error(`${text} overlaps ${next.text}`);
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function parseTable(text: string): TableEntry {
  const [, number, first, last = first] = /^(\d+)\[([^.\]]+)(?:\.\.([^\]]+))?\]$/.exec(text) ?? [];
  if (first === undefined || last === undefined) throw new Error(`not a table: ${text}`);
  return {
    number: Number(number),
    sizeBytes: 4096,
    smallest: parseKey(first),
    largest: parseKey(last),
  };
}

function parseKey(text: string): Uint8Array {
  const [key = '', sequence = '1'] = text.split('@');
  return makeInternalKey(Buffer.from(key), Number(sequence), 'value');
}

function parseSpan(text: string): Span {
  const [, start, end] = /^\[([^,]*),([^)]*)\)$/.exec(text) ?? [];
  if (start === undefined) throw new Error(`not a span: ${text}`);
  return { start: Buffer.from(start), end: end === '' ? undefined : Buffer.from(end ?? '') };
}

/** Prints a range. A bound right after a key is the key with the other bracket: (a,b] begins after a and ends with b. */
function printSpan({ start, end }: Span): string {
  const isAfter = (bound: Uint8Array) => bound.at(-1) === 0;
  const text = (bound: Uint8Array) =>
    Buffer.from(isAfter(bound) ? bound.subarray(0, -1) : bound).toString();
  const from = `${isAfter(start) ? '(' : '['}${text(start)}`;
  return end === undefined ? `${from},)` : `${from},${text(end)}${isAfter(end) ? ']' : ')'}`;
}
