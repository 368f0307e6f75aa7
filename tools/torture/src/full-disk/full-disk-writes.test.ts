import { expect, test } from 'vitest';
import { runFullDiskWritesFamily } from './full-disk-writes.js';

const rounds = process.env['SSTITCH_LONG'] === '1' ? 500 : 20;

test('refuses writes to a full disk until there is room, and loses no acknowledged write', async ({
  skip,
}) => {
  const report = await runFullDiskWritesFamily({ seed: 3, rounds });
  if (report.skipped !== undefined) skip(report.skipped);
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(rounds);
}, 3_600_000);
