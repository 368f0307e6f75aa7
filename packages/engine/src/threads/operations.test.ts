import { expect, test } from 'vitest';
import { Operations } from './operations.js';

test('an operation without a signal gets that of the close itself, which keeps nothing of the operation', () => {
  const operations = new Operations('store');
  expect(operations.endingWith(undefined)).toBe(operations.closing);
});

test('an operation with a signal ends with it, and with the close', async () => {
  const controller = new AbortController();
  const operations = new Operations('store');
  const signals = [0, 1].map(() => operations.endingWith(controller.signal));
  const other = operations.endingWith(new AbortController().signal);
  controller.abort();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(other.aborted).toBe(false);
  await operations.end();
  expect(other.aborted).toBe(true);
});
