import { expect, test } from 'vitest';
import { runWriteBackFamily } from './write-back.js';

const isLong = process.env['SSTITCH_LONG'] === '1';

test('a write-back that fails between write and fsync is reported, unless no durable file needs its bytes', async ({
  skip,
}) => {
  const report = await runWriteBackFamily({ seed: 5, ...(isLong ? {} : { casesEach: 1 }) });
  if (report.skipped !== undefined) skip(report.skipped);
  expect(report.failures).toEqual([]);
  expect(report.tried).toBeGreaterThan(20);
}, 3_600_000);
