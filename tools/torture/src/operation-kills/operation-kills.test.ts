import { expect, test } from 'vitest';
import { runOperationKillsFamily } from './operation-kills.js';
import { storeOperations } from './store-operations.js';

const killsEach = process.env['SSTITCH_LONG'] === '1' ? 300 : 4;

test('rename, clone, merge, prune, rollback, drop, a kept compaction and an expansion that are killed leave a store as before or after them, and can run again', async () => {
  const seed = Number(process.env['SSTITCH_SEED'] ?? 20261130);
  const { failures, tried, counts } = await runOperationKillsFamily({ seed, killsEach });
  expect(failures).toEqual([]);
  expect(tried).toBe(killsEach * storeOperations.length);
  expect(counts['before']).toBeGreaterThan(tried / 8);
}, 7_200_000);
