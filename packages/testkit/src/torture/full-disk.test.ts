import { expect, test } from 'vitest';
import { runFullDiskFamily } from './full-disk.js';

test('a disk that fills up during a compaction loses nothing, and it works again once there is room', async ({
  skip,
}) => {
  const report = await runFullDiskFamily({ seed: 9, rounds: 12 });
  if (report.skipped !== undefined) skip(report.skipped);
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(12);
}, 300_000);
