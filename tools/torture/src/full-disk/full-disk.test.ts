import { expect, test } from 'vitest';
import { runFullDiskFamily } from './full-disk.js';

const rounds = process.env['SSTITCH_LONG'] === '1' ? 100 : 12;

test('a full disk during a compaction loses nothing, and the store works again once there is room', async ({
  skip,
}) => {
  const report = await runFullDiskFamily({ seed: 9, rounds });
  if (report.skipped !== undefined) skip(report.skipped);
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(rounds);
}, 3_600_000);
