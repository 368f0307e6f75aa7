import { expect, test } from 'vitest';
import { inLanes } from './in-lanes.js';

const soon = () => new Promise((resolve) => setTimeout(resolve, 1));

test('every item is run once, in order, so many at a time', async () => {
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const items = Array.from({ length: 20 }, (_, item) => item);
  await inLanes(items, 3, async (item) => {
    begun.push(item);
    most = Math.max(most, ++running);
    await soon();
    running--;
  });
  expect(begun).toEqual(items);
  expect(most).toBe(3);
});

test('after a failure no item is begun, and what runs is waited for', async () => {
  const ended: number[] = [];
  const work = inLanes([0, 1, 2, 3], 2, async (item) => {
    if (item === 0) throw new Error('the first');
    await soon();
    ended.push(item);
    throw new Error('the second');
  });
  await expect(work).rejects.toThrow('the first');
  expect(ended).toEqual([1]);
});

test('a failure with no reason is a failure', async () => {
  await expect(inLanes([1], 2, () => Promise.reject(undefined))).rejects.toBeUndefined();
});

test('nothing to do ends at once', async () => {
  await expect(inLanes([], 2, () => Promise.reject(new Error('none')))).resolves.toBeUndefined();
});
