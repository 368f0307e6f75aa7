import { expect, test } from 'vitest';
import { systemClock } from './clock.js';

/** How many timers keep this process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

test('a sleep keeps the process alive, unless a signal can end it', async () => {
  const before = timers();
  const { signal } = new AbortController();
  const background = systemClock.sleep(1, signal);
  expect(timers()).toBe(before);
  // A commit or a replacement waits like this while the database does not answer: it uses no connection then.
  const awaited = systemClock.sleep(1);
  expect(timers()).toBe(before + 1);
  await Promise.all([background, awaited]);
});
