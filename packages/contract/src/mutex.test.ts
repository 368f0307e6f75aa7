import { expect, test } from 'vitest';
import { Mutex } from './mutex.js';

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

test('runs calls one at a time, in the order they were made', async () => {
  const mutex = new Mutex();
  const events: string[] = [];
  const call = (name: string) =>
    mutex.run(async () => {
      events.push(`${name} begins`);
      await soon();
      events.push(`${name} ends`);
      return name;
    });
  expect(mutex.isLocked).toBe(false);
  const calls = Promise.all([call('a'), call('b'), call('c')]);
  expect(mutex.isLocked).toBe(true);
  expect(await calls).toEqual(['a', 'b', 'c']);
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect(mutex.isLocked).toBe(false);
});

test('runs the next call after one that fails', async () => {
  const mutex = new Mutex();
  const failing = mutex.run(() => Promise.reject(new Error('no')));
  const next = mutex.run(async () => 'next');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('next');
});

test('rejects a waiting call as soon as its signal fires, and keeps later calls waiting', async () => {
  const mutex = new Mutex();
  let end = (): void => undefined;
  const first = mutex.run(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  const aborting = new AbortController();
  const reason = { why: 'not wanted' };
  let ran = false;
  const second = mutex.run(async () => {
    ran = true;
  }, aborting.signal);
  let third = 'waits';
  const last = mutex.run(async () => {
    third = 'runs';
  });
  aborting.abort(reason);
  await expect(second).rejects.toBe(reason);
  await soon();
  expect([ran, third]).toEqual([false, 'waits']);
  end();
  await Promise.all([first, last]);
  expect([ran, third]).toEqual([false, 'runs']);
});

test('rejects a call whose signal has already fired, even if it need not wait', async () => {
  const mutex = new Mutex();
  const call = mutex.run(async () => 'done', AbortSignal.abort('late'));
  await expect(call).rejects.toBe('late');
  expect(await mutex.run(async () => 'next')).toBe('next');
});

test('does not begin a call whose signal fires when the earlier call has just ended', async () => {
  for (let ticks = 0; ticks < 12; ticks++) {
    const mutex = new Mutex();
    const aborting = new AbortController();
    let end = (): void => undefined;
    const first = mutex.run(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    let begun = false;
    const second = mutex
      .run(async () => {
        begun = true;
      }, aborting.signal)
      .catch((reason: unknown) => reason);
    await soon();
    end();
    for (let tick = 0; tick < ticks; tick++) await undefined;
    const begunBefore = begun;
    aborting.abort('late');
    expect(await second).toBe(begunBefore ? undefined : 'late');
    expect(begun).toBe(begunBefore);
    await first;
  }
});
