import { expect, test } from 'vitest';
import { runCorruptionFamily } from './corruption-family.js';

const isLong = process.env['SSTITCH_LONG'] === '1';

test('a store with any byte flipped, or any file truncated, zeroed, swapped or missing, is detected or reads as before, and kills no process', async () => {
  const seed = Number(process.env['SSTITCH_SEED'] ?? 20261122);
  const report = await runCorruptionFamily({
    seed,
    ...(isLong ? { bits: 'all', useEvery: 3 } : {}),
  });
  expect(report.failures).toEqual([]);
  expect(report.tried).toBeGreaterThan(5000);
  // Every outcome occurred. A store that opens has a damaged table; a damaged log is refused.
  for (const way of ['found', 'noted', 'sound', 'refused', 'opened']) {
    expect(report.counts, way).toHaveProperty(way);
  }
  expect(report.counts['ingest-refused']).toBeGreaterThan(0);
  expect(report.counts['extract-refused']).toBeGreaterThan(0);
}, 36_000_000);
