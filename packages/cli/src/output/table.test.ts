import { describe, expect, it } from 'vitest';
import { formatTable } from './table.js';

const COLUMNS = [
  { title: 'NAME' },
  { title: 'COUNT', align: 'right' },
  { title: 'SIZE', align: 'right' },
] as const;
const ROWS = [
  ['alpha', '1', '10 KB'],
  ['be', '22,333', '7 B'],
];

describe('formatTable', () => {
  it('puts each row on one line if there is no limit', () => {
    expect(formatTable(COLUMNS, ROWS)).toBe(
      ['NAME    COUNT   SIZE', 'alpha       1  10 KB', 'be     22,333    7 B', ''].join('\n'),
    );
  });

  it('continues a row that does not fit on further lines, with aligned columns', () => {
    expect(formatTable(COLUMNS, ROWS, undefined, 19)).toBe(
      ['NAME    COUNT', '   SIZE', 'alpha       1', '  10 KB', 'be     22,333', '    7 B', ''].join(
        '\n',
      ),
    );
    expect(formatTable(COLUMNS, ROWS, undefined, 20)).toBe(formatTable(COLUMNS, ROWS));
  });

  it('takes any number of rows', () => {
    const rows = Array.from({ length: 300_000 }, () => ['x']);
    expect(formatTable([{ title: 'NAME' }], rows)).toHaveLength(5 + 2 * rows.length);
  });

  it('splits no cell, however narrow the terminal is', () => {
    const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');
    expect(words(formatTable(COLUMNS, ROWS, undefined, 1))).toEqual(
      words(formatTable(COLUMNS, ROWS)),
    );
  });
});
