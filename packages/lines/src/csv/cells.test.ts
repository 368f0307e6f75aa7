import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellOf, itemsOf, listText, textOfCell } from './cells.js';

const oddText = fc.string({
  unit: fc.constantFrom(
    "'",
    '=',
    '+',
    '-',
    '@',
    '\t',
    '\r',
    '\n',
    '"',
    ',',
    ';',
    '\\',
    ' ',
    'a',
    '😀',
    '\0',
  ),
  maxLength: 8,
});

describe('a cell', () => {
  test('reads back as the text that was written', () => {
    fc.assert(
      fc.property(fc.array(oddText, { minLength: 2, maxLength: 4 }), (texts) => {
        const [cells] = parse(`${texts.map(cellOf).join(',')}\r\n`, { record_delimiter: '\r\n' });
        expect((cells as unknown as string[]).map(textOfCell)).toEqual(texts);
      }),
    );
  });

  test('is never interpreted as a formula', () => {
    fc.assert(
      fc.property(oddText, (text) => {
        expect(cellOf(text).replace(/^"/, '')).not.toMatch(/^[=+\-@\t\r]/);
      }),
    );
    expect(cellOf('=HYPERLINK("http://x","y")')).toBe('"\'=HYPERLINK(""http://x"",""y"")"');
    expect(cellOf("'=1")).toBe("''=1");
  });

  test('is quoted only if it must be', () => {
    expect(['plain', "it's", 'a;b', ''].map(cellOf)).toEqual(['plain', "it's", 'a;b', '']);
    expect(["O'Brien", "'quoted'"].map(textOfCell)).toEqual(["O'Brien", "'quoted'"]);
  });
});

describe('a list in a cell', () => {
  test('reads back as the items that were written', () => {
    fc.assert(
      fc.property(fc.array(oddText, { minLength: 1 }), (items) => {
        // A list of one empty item reads back as an empty list.
        fc.pre(items.length > 1 || items[0] !== '');
        expect(itemsOf(listText(items))).toEqual(items);
      }),
    );
    expect(itemsOf('')).toEqual([]);
    expect(listText(['a', 'b;c', 'd\\'])).toBe('a;b\\;c;d\\\\');
  });
});
