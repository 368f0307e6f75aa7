import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { sharedList, takeEach, takeRest } from './shared-list.js';

test('items are taken in order, each once, and then there are none', () => {
  const list = sharedList(['a', 'b', 'c']);
  const one = takeEach(list);
  const other = takeEach(list);
  expect(one.next().value).toEqual([0, 'a']);
  expect(other.next().value).toEqual([1, 'b']);
  expect([...one]).toEqual([[2, 'c']]);
  expect([...other]).toEqual([]);
  expect([...takeEach(sharedList([]))]).toEqual([]);
});

test('the rest is taken at once, also from another thread', async () => {
  const list = sharedList(['a', 'b', 'c']);
  const other = new Worker(
    `const { workerData } = require('node:worker_threads');
     Atomics.add(new Int32Array(workerData.next), 0, 1);`,
    { eval: true, workerData: list },
  );
  await new Promise((resolve) => other.once('exit', resolve));
  const items = takeEach(list);
  expect(items.next().value).toEqual([1, 'b']);
  takeRest(list);
  expect([...items]).toEqual([]);
});
