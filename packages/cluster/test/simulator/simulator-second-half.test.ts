import { describe, it } from 'vitest';
import { runEverySecond } from './run-schedules.js';

describe('any number of processes on one store', () => {
  it('lose no acknowledged write, see no state change, and leave nothing, in the other half of the schedules', async () => {
    await runEverySecond('second');
  });
});
