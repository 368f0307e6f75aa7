import { expect, test } from 'vitest';
import { runLevelFaultsFamily } from './leveldb-faults.js';

const cases = process.env['SSTITCH_LONG'] === '1' ? 20_000 : 100;

test("no acknowledged write is lost, whichever of LevelDB's own file operations fails", async ({
  skip,
}) => {
  const report = await runLevelFaultsFamily({ seed: 11, cases });
  if (report.skipped !== undefined) skip(report.skipped);
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(cases);
}, 3_600_000);
