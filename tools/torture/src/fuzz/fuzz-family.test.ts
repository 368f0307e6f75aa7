import { expect, test } from 'vitest';
import { runFuzzFamily } from './fuzz-family.js';

const inputs = process.env['SSTITCH_LONG'] === '1' ? 1_000_000 : 20_000;

test(`${inputs} inputs that are nearly valid cause only typed errors, or read as LevelDB reads them`, async () => {
  const seed = Number(process.env['SSTITCH_SEED'] ?? 20261122);
  const report = await runFuzzFamily({ seed, inputs });
  expect(report.failures).toEqual([]);
  expect(report.tried).toBe(inputs);
  // Inputs with valid checksums were both accepted and refused, and LevelDB read some.
  for (const way of ['block-accepted', 'block-refused', 'store-accepted', 'store-refused']) {
    expect(report.counts[way], way).toBeGreaterThan(100);
  }
  expect(report.counts['tables-compared']).toBeGreaterThan(10);
  expect(report.counts['stores-compared']).toBeGreaterThan(0);
}, 36_000_000);
