import { expect, test } from 'vitest';
import { runMetamorphicFamily } from './metamorphic-family.js';

const runs = process.env['SSTITCH_LONG'] === '1' ? 1000 : 100;

test(`the store agrees with the model after each of 300 random actions, ${runs} times`, async () => {
  const seed = Number(process.env['SSTITCH_SEED'] ?? 20261122);
  const report = await runMetamorphicFamily({ seed, runs });
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(runs);
}, 7_200_000);
