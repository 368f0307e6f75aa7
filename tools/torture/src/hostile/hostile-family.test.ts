import { expect, test } from 'vitest';
import { HOSTILE_CASES } from './hostile-cases.js';
import { runHostileFamily } from './hostile-family.js';

const rounds = process.env['SSTITCH_LONG'] === '1' ? 20 : 1;

test('hostile files and stores are refused with typed errors, and touch nothing outside', async () => {
  const seed = Number(process.env['SSTITCH_SEED'] ?? 20261122);
  const report = await runHostileFamily({ seed, rounds });
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(rounds * HOSTILE_CASES.length);
}, 3_600_000);
