import { expect, test } from 'vitest';
import { LeaseWatch } from './lease-watch.js';

test('a lease is dead once its beat has stood still for twice its own duration', () => {
  let nowMs = 0;
  const watch = new LeaseWatch({ nowMs: () => nowMs, sleep: async () => undefined });
  const lease = (owner: string, durationMs: number, beat = 1) => ({
    owner,
    slot: 1,
    beat,
    durationMs,
  });
  const deadOf = (...leases: ReturnType<typeof lease>[]) =>
    watch.observe(leases).dead.map(({ owner }) => owner);
  expect(deadOf(lease('short', 100), lease('long', 10_000))).toEqual([]);
  nowMs += 200;
  expect(deadOf(lease('short', 100), lease('long', 10_000))).toEqual([]);
  nowMs += 1;
  expect(deadOf(lease('short', 100), lease('long', 10_000))).toEqual(['short']);
  expect(deadOf(lease('short', 100, 2), lease('long', 10_000))).toEqual([]);
  nowMs += 19_800;
  expect(deadOf(lease('long', 10_000))).toEqual(['long']);
});
