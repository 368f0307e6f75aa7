// Runs many schedules. SSTITCH_CLUSTER_SCHEDULES is their number, SSTITCH_CLUSTER_SEED the seed of the first: a schedule
// that fails prints its seed, and fails again with it.
import { expect, vi } from 'vitest';
import type * as edits from '../../src/log/edits.js';
import type * as port from '../../src/port.js';
import { type Coverage, Schedule } from './schedule.js';

// Schedules are short: with short segments and a short memory of groups they meet truncation and old copies.
vi.mock('../../src/port.js', async (original) => {
  const real = await original<typeof port>();
  const slots = 8;
  const firstSlotOf = (segment: number) => segment * slots + real.FIRST_SLOT;
  return {
    ...real,
    SLOTS_PER_SEGMENT: slots,
    segmentOf: (slot: number) => Math.floor((slot - real.FIRST_SLOT) / slots),
    firstSlotOf,
    lastSlotOf: (segment: number) => firstSlotOf(segment + 1) - 1,
  };
});
vi.mock('../../src/log/edits.js', async (original) => ({
  ...(await original<typeof edits>()),
  MAX_GROUP_AGE_SLOTS: 12,
}));

const SCHEDULES = Number(process.env['SSTITCH_CLUSTER_SCHEDULES'] ?? 10_000);
const IS_ASKED_FOR = process.env['SSTITCH_CLUSTER_SCHEDULES'] !== undefined;
const FIRST_SEED = Number(process.env['SSTITCH_CLUSTER_SEED'] ?? 1);

/** What enough schedules meet; a simulator that never fails proves nothing. */
const EXPECTED = [
  ...['sleep', 'cut off', 'death', 'clock jump'],
  ...['flushed', 'merged', 'folded runs', 'lost folds'],
  ...['deleted runs', 'held runs', 'deleted loads', 'aborted owners', 'deleted segments'],
  ...['SSTITCH_COMMIT_UNKNOWN', 'SSTITCH_LEASE_LOST', 'SSTITCH_LOAD_ABORTED'],
  ...['conditional writes', 'SSTITCH_COMMIT_CONFLICT'],
];

/** What happened in the schedule of a seed: equal for equal seeds. */
export async function traceOf(seed: number): Promise<string> {
  const schedule = new Schedule(seed, new Map());
  await schedule.run();
  return schedule.trace;
}

/** Runs every second schedule, from the first or from the second: two files of tests run at the same time. */
export async function runEverySecond(from: 'first' | 'second'): Promise<void> {
  const coverage: Coverage = new Map();
  // The errors of the backend are many, and their stacks say nothing.
  Error.stackTraceLimit = SCHEDULES > 1 ? 0 : 20;
  const start = from === 'first' ? FIRST_SEED : FIRST_SEED + 1;
  for (let seed = start; seed < FIRST_SEED + SCHEDULES; seed += 2) {
    try {
      await new Schedule(seed, coverage).run();
    } catch (cause) {
      const message = `schedule ${seed} failed (SSTITCH_CLUSTER_SEED=${seed} SSTITCH_CLUSTER_SCHEDULES=1 repeats it)`;
      throw new Error(`${message}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
  if (SCHEDULES >= 10_000) expect([...coverage.keys()]).toEqual(expect.arrayContaining(EXPECTED));
  if (IS_ASKED_FOR) console.log(Object.fromEntries([...coverage].sort()));
}
