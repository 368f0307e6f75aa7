import { describe, expect, it } from 'vitest';
import { escapeLines, escapeRows, escapeText, jsonText } from './escape.js';

const CLEAR_SCREEN = '\u001b[2J';
const C1_SEQUENCE = '\u009b31m';
const OVERRIDE = '\u202e';
const ISOLATE = '\u2066';
const BOLD = '\u001b[1mbold\u001b[22m';

describe('text from data', () => {
  it.each([
    [CLEAR_SCREEN, '\\u001b[2J'],
    [C1_SEQUENCE, '\\u009b31m'],
    [`a${OVERRIDE}b${ISOLATE}c`, 'a\\u202eb\\u2066c'],
    ['a\nb\tc\r\u0007\u007f', 'a\\u000ab\\u0009c\\u000d\\u0007\\u007f'],
    // A tag character of two UTF-16 units.
    ['a\u{e0041}', 'a\\udb40\\udc41'],
    ['zero\u200bwidth\ufeff', 'zero\\u200bwidth\\ufeff'],
  ])('%j is escaped', (text, escaped) => {
    expect(escapeText(text)).toBe(escaped);
  });

  it.each(['plain', 'Zürich', '日本語', 'שלום', '\u{1f600}', 'a"b\\c'])(
    '%s is not changed',
    (text) => {
      expect(escapeText(text)).toBe(text);
      expect(escapeLines(text)).toBe(text);
    },
  );
});

describe('lines for a terminal', () => {
  it('keep only line ends, tabs and the colours of this program unescaped', () => {
    const text = `${BOLD}\tx\n${CLEAR_SCREEN}\u001b[8mhidden${OVERRIDE}\n`;
    expect(escapeLines(text)).toBe(`${BOLD}\tx\n\\u001b[2J\\u001b[8mhidden\\u202e\n`);
  });
});

describe('rows of CSV for a terminal', () => {
  it('keep only line ends and tabs unescaped', () => {
    const text = `a,"${BOLD}\tx\ny"\r\n${CLEAR_SCREEN}\rb\r\n`;
    expect(escapeRows(text)).toBe('a,"\\u001b[1mbold\\u001b[22m\tx\ny"\r\n\\u001b[2J\\u000db\r\n');
  });
});

describe('JSON', () => {
  it('holds the same values, without characters that terminals act on', () => {
    const value = { [`k${OVERRIDE}`]: [CLEAR_SCREEN, C1_SEQUENCE, 'a\u{e0041}', '\u2028', 'é\n'] };
    for (const indent of [undefined, 2]) {
      const text = jsonText(value, indent);
      expect(JSON.parse(text)).toEqual(value);
      expect(escapeLines(text)).toBe(text);
    }
  });
});
