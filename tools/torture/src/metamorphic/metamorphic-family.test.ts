import { runMetamorphic } from '@sstitch/testkit/metamorphic';
import { expect, test } from 'vitest';
import { runMetamorphicFamily } from './metamorphic-family.js';
import { makeStoreTarget } from './store-target.js';

const runs = process.env['SSTITCH_LONG'] === '1' ? 1000 : 60;

test(`the store agrees with the model after each of 300 random actions, ${runs} times`, async () => {
  const seed = Number(process.env['SSTITCH_SEED'] ?? 20261122);
  const report = await runMetamorphicFamily({ seed, runs });
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(runs);
}, 7_200_000);

// Replays a failing sequence from the family's report; with SSTITCH_PATH, in the form that fast-check has shrunk.
if (process.env['SSTITCH_ACTIONS'] !== undefined) {
  test('the store agrees with the model in the sequence that the environment names', async () => {
    await runMetamorphic(makeStoreTarget, {
      runs: 1,
      actions: Number(process.env['SSTITCH_ACTIONS']),
      seed: Number(process.env['SSTITCH_SEED']),
      ...(process.env['SSTITCH_PATH'] ? { path: process.env['SSTITCH_PATH'] } : {}),
    });
  });
}
