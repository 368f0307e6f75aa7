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
  it('puts each row on a line, without a limit', () => {
    expect(formatTable(COLUMNS, ROWS)).toBe(
      ['NAME    COUNT   SIZE', 'alpha       1  10 KB', 'be     22,333    7 B', ''].join('\n'),
    );
  });

  it('goes on in a further line where a row does not fit, columns below each other', () => {
    expect(formatTable(COLUMNS, ROWS, undefined, 19)).toBe(
      ['NAME    COUNT', '   SIZE', 'alpha       1', '  10 KB', 'be     22,333', '    7 B', ''].join(
        '\n',
      ),
    );
    expect(formatTable(COLUMNS, ROWS, undefined, 20)).toBe(formatTable(COLUMNS, ROWS));
  });

  it('splits no word, however share the terminal is', () => {
    const words = (text: string) => text.split(/\s+/).filter((word) => word !== '');
    expect(words(formatTable(COLUMNS, ROWS, undefined, 1))).toEqual(
      words(formatTable(COLUMNS, ROWS)),
    );
  });
});
