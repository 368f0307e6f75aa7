import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { sharedList, takeNext, takeRest } from './shared-list.js';

test('items are taken in order, each once, and then there are none', () => {
  const list = sharedList(['a', 'b', 'c']);
  expect([1, 2, 3, 4, 5].map(() => takeNext(list))).toEqual([0, 1, 2, undefined, undefined]);
  expect(takeNext(sharedList([]))).toBeUndefined();
});

test('the rest is taken at once, also from another thread', async () => {
  const list = sharedList(['a', 'b', 'c']);
  const other = new Worker(
    `const { workerData } = require('node:worker_threads');
     Atomics.add(new Int32Array(workerData.next), 0, 1);`,
    { eval: true, workerData: list },
  );
  await new Promise((resolve) => other.once('exit', resolve));
  expect(takeNext(list)).toBe(1);
  takeRest(list);
  expect(takeNext(list)).toBeUndefined();
});
