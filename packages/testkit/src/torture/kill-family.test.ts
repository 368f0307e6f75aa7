import { expect, test } from 'vitest';
import { runKillFamily } from './kill-family.js';

const rounds = process.env['SSTITCH_LONG'] === '1' ? 1000 : 50;

test(`a compaction killed at a random moment, ${rounds} times, leaves the sync old or new, whole, and loses no acknowledged write`, async () => {
  const seed = Number(process.env['SSTITCH_SEED'] ?? 20261122);
  const report = await runKillFamily({ rounds, seed });
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(rounds);
}, 600_000);
