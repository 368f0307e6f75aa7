import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { firstCharacters } from './first-characters.js';
import { shortName } from './stored-names.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('the first characters of a text are those of a slice, whatever they are', () => {
  for (const text of ['', 'Ann Archer', 'ΚΩΣΤΑΣ 😀', '\ud83d\ude00', '\0\ufeffx']) {
    for (const count of [1, 3, 100]) {
      expect(firstCharacters(text, count)).toBe(text.slice(0, count));
    }
  }
});

it('a shortened name does not keep the whole name in memory', () => {
  const long = () => Buffer.alloc(1_000_000, 'name').toString('latin1');
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const names = Array.from({ length: 100 }, () => shortName(long()));
  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
  expect(names).toHaveLength(100);
});
