import { expect, test } from 'vitest';
import { Mutex } from './mutex.js';

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

test('calls run one at a time, in their order', async () => {
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

test('a call that fails lets the next one go on', async () => {
  const mutex = new Mutex();
  const failing = mutex.run(() => Promise.reject(new Error('no')));
  const next = mutex.run(async () => 'next');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('next');
});

test('a call whose signal fires before its turn ends at once, and those after it still wait', async () => {
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

test('a signal that has fired ends a call that need not wait', async () => {
  const mutex = new Mutex();
  const call = mutex.run(async () => 'done', AbortSignal.abort('late'));
  await expect(call).rejects.toBe('late');
  expect(await mutex.run(async () => 'next')).toBe('next');
});
