// Runs abstract-level's own test suite against the store.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abstractLevelResults } from '@sstitch/build-config/abstract-level-suite';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Store } from '../index.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-suite-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

test("abstract-level's whole test suite passes against the store", async () => {
  let count = 0;
  const results = await abstractLevelResults(
    (options) => new Store(join(directory, `${++count}`), options),
  );
  expect(results.filter(({ ok }) => ok === false)).toEqual([]);
  expect(results.length).toBeGreaterThan(3000);
});

test('the store declares every capability that classic-level declares', async () => {
  const store = new Store(join(directory, 'capabilities'));
  const plain = new ClassicLevel(join(directory, 'plain'));
  expect(store.supports).toEqual(plain.supports);
  await Promise.all([store.close(), plain.close()]);
});
