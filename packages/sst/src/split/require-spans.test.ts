import type { Span } from '@sstitch/contract';
import { expect, test } from 'vitest';
import { bytesOf } from '../../test/entries.js';
import { SstError } from '../errors.js';
import { requireSpans } from './require-spans.js';

const span = (start: string, end?: string): Span => ({
  start: bytesOf(start),
  end: end === undefined ? undefined : bytesOf(end),
});

test.each([
  ['an empty span', [span('a', 'a')], 'span 0 is empty'],
  ['an inverted span', [span('a', 'b'), span('d', 'c')], 'span 1 ends before it starts'],
  ['spans that overlap', [span('a', 'c'), span('b', 'd')], 'span 1 starts before'],
])('%s is refused', (_name, spans, message) => {
  const check = () => requireSpans(spans);
  expect(check).toThrow(SstError);
  expect(check).toThrow(message);
  expect(check).toThrow(expect.objectContaining({ code: 'SSTITCH_TABLE_OPTIONS' }));
});

test('spans that touch are in order', () => {
  requireSpans([span('a', 'b'), span('b', 'c'), span('d')]);
});
