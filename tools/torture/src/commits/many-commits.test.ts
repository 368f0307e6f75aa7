import { expect, test } from 'vitest';
import { runManyCommitsFamily } from './many-commits.js';

const commits = process.env['SSTITCH_LONG'] === '1' ? 10_000 : 300;

test(`${commits} commits under open readers: each reader sees one generation, and no resource leaks`, async () => {
  const report = await runManyCommitsFamily({ seed: 7, commits });
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(commits + 1);
}, 1_800_000);
