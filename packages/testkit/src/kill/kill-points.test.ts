import { expect, test } from 'vitest';
import { seededRandom } from '../torture/random.js';
import { orderPoints } from './kill-points.js';

const PASSED = new Map([
  ['before rename store CURRENT', 2],
  ['after link table', 40],
  ['amid write MANIFEST', 3],
]);

test('rounds visit every point, and every name before any name repeats', () => {
  const points = orderPoints(PASSED, seededRandom(1));
  expect(points).toHaveLength(45);
  expect(new Set(points.map(({ name, nth }) => `${name} ${nth}`)).size).toBe(45);
  expect(new Set(points.slice(0, 3).map(({ name }) => name)).size).toBe(3);
  expect(points.slice(-37).every(({ name }) => name === 'after link table')).toBe(true);
});

test('the order of points depends only on the seed', () => {
  expect(orderPoints(PASSED, seededRandom(1))).toEqual(orderPoints(PASSED, seededRandom(1)));
  expect(orderPoints(PASSED, seededRandom(1))).not.toEqual(orderPoints(PASSED, seededRandom(2)));
});
