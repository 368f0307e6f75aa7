import { expect, test } from 'vitest';
import { runFullDiskWritesFamily } from './full-disk-writes.js';

const rounds = process.env['SSTITCH_LONG'] === '1' ? 500 : 20;

test('writes on a disk that fills up are refused until there is room, and none that was acknowledged is lost', async ({
  skip,
}) => {
  const report = await runFullDiskWritesFamily({ seed: 3, rounds });
  if (report.skipped !== undefined) skip(report.skipped);
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(rounds);
}, 3_600_000);
