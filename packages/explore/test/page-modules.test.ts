// The modules of the page that need no browser.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { link, linkWith, parseRoute } from '../src/page/route.js';
import { bytesText, durationText, safePieces, safeText, timeText } from '../src/page/words.js';

describe('a route', () => {
  it('reads back from its address, whatever its ids are', () => {
    const ids = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 });
    fc.assert(
      fc.property(ids, fc.string({ unit: 'grapheme' }), (rest, value) => {
        const path = ['sync', ...rest];
        const { path: read, query } = parseRoute(link(path, { view: value }));
        expect(read).toEqual(path);
        expect(query.get('view')).toBe(value);
      }),
    );
  });

  it('leaves out parameters without a value, and changes some', () => {
    expect(link(['sync', 'a/b'], { cursor: null, type: undefined })).toBe('#/sync/a%2Fb');
    expect(parseRoute(link([])).path).toEqual([]);
    const route = parseRoute('#/sync/x?view=grants&cursor=c');
    expect(linkWith(route, { cursor: null })).toBe('#/sync/x?view=grants');
  });

  it('takes a malformed escape as it is', () => {
    expect(parseRoute('#/sync/%E0%A4%A').path).toEqual(['sync', '%E0%A4%A']);
  });
});

describe('a text from data', () => {
  it('shows no character that is invisible or changes the direction of text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(safeText(text)).not.toMatch(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('keeps the rest verbatim, joiners included', () => {
    for (const text of ['Ann', 'José', '山田', 'می\u200cخواهم', '👩\u200d💻']) {
      expect(safePieces(text)).toEqual([{ text, isEscape: false }]);
    }
    expect(safePieces('a\u202eb')).toEqual([
      { text: 'a', isEscape: false },
      { text: '\\u{202e}', isEscape: true },
      { text: 'b', isEscape: false },
    ]);
  });
});

it('sizes, times and durations are short', () => {
  expect([0, 999, 1000, 123_456_789].map(bytesText)).toEqual(['0 B', '999 B', '1.0 KB', '123 MB']);
  expect(timeText('2026-11-29T08:00:59.000Z')).toBe('2026-11-29 08:00');
  expect(timeText(null)).toBe('–');
  const start = '2026-11-29T08:00:00Z';
  expect(durationText(start, '2026-11-29T08:00:07Z')).toBe('7 s');
  expect(durationText(start, '2026-11-29T10:05:00Z')).toBe('2 h 5 min');
});
