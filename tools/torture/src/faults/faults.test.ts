import { expect, test } from 'vitest';
import { runFaultsFamily } from './faults.js';

const everyCode = process.env['SSTITCH_LONG'] === '1';

test(`any file operation that fails, ${everyCode ? 'in every way' : 'in a random way'}, causes a clear error, leaves the store old or new, and leaks nothing`, async () => {
  const seed = Number(process.env['SSTITCH_SEED'] ?? 20261122);
  const report = await runFaultsFamily({ seed, everyCode });
  expect(report.failures).toEqual([]);
  expect(report.tried).toBeGreaterThan(everyCode ? 20_000 : 3000);
}, 3_600_000);
