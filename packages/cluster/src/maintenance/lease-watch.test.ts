import { expect, test } from 'vitest';
import { LeaseWatch } from './lease-watch.js';

const lease = (owner: string, durationMs: number, beat = 1) => ({
  owner,
  slot: 1,
  beat,
  durationMs,
});

test('a lease is dead once its beat has stood still for twice its own duration', async () => {
  let nowMs = 0;
  const watch = new LeaseWatch({ nowMs: () => nowMs, sleep: async () => undefined });
  const deadOf = async (...leases: ReturnType<typeof lease>[]) =>
    (await watch.observe(async () => leases)).dead.map(({ owner }) => owner);
  expect(await deadOf(lease('short', 100), lease('long', 10_000))).toEqual([]);
  nowMs += 200;
  expect(await deadOf(lease('short', 100), lease('long', 10_000))).toEqual([]);
  nowMs += 1;
  expect(await deadOf(lease('short', 100), lease('long', 10_000))).toEqual(['short']);
  expect(await deadOf(lease('short', 100, 2), lease('long', 10_000))).toEqual([]);
  nowMs += 19_800;
  expect(await deadOf(lease('long', 10_000))).toEqual(['long']);
});

test('a lease is not dead because the database takes long to answer', async () => {
  let nowMs = 0;
  const watch = new LeaseWatch({ nowMs: () => nowMs, sleep: async () => undefined });
  await watch.observe(async () => [lease('renewed', 100)]);
  nowMs += 20;
  const observed = await watch.observe(async () => {
    // The answer is on its way while its owner renews the lease.
    nowMs += 1000;
    return [lease('renewed', 100)];
  });
  expect(observed.live.map(({ owner }) => owner)).toEqual(['renewed']);
});
