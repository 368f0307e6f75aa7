import { describe, expect, it } from 'vitest';
import { runEverySecond, traceOf } from './run-schedules.js';

describe('any number of processes on one store', () => {
  it('do the same again for the same seed', async () => {
    for (const seed of [1, 2, 3]) expect(await traceOf(seed)).toBe(await traceOf(seed));
  });

  it('lose no acknowledged write, see no state change, and leave nothing, whatever fails', async () => {
    await runEverySecond('first');
  });
});
