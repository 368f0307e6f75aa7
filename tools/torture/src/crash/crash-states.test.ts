import { expect, test } from 'vitest';
import { runCrashStatesFamily } from './crash-states.js';

const states = process.env['SSTITCH_LONG'] === '1' ? 200_000 : 5000;

test(`each of ${states} states that a power cut can leave opens with the whole old or new content and every guaranteed write`, async () => {
  const seed = Number(process.env['SSTITCH_SEED'] ?? 20261122);
  const report = await runCrashStatesFamily({ seed, states });
  expect(report.failures).toEqual([]);
  expect(report.tried).toBeGreaterThanOrEqual(states);
}, 7_200_000);
