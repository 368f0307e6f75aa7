import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ItemCounter, RequestState } from './shared-state.js';

describe('a counter of items', () => {
  test('returns each index once, to any caller, and then none', () => {
    const one = new ItemCounter(3);
    const other = new ItemCounter(3, one.memory);
    expect([one.take(), other.take()]).toEqual([0, 1]);
    expect(other.hasMore).toBe(true);
    expect([one.take(), one.hasMore, one.take(), other.take()]).toEqual([
      2,
      false,
      undefined,
      undefined,
    ]);
  });

  test('returns none after a stop, in other threads too', async () => {
    const counter = new ItemCounter(3);
    counter.take();
    const other = new Worker(
      `const { workerData } = require('node:worker_threads');
       Atomics.store(new Int32Array(workerData), 0, 3);`,
      { eval: true, workerData: counter.memory },
    );
    await new Promise((resolve) => other.once('exit', resolve));
    expect([counter.hasMore, counter.take()]).toEqual([false, undefined]);
  });
});

describe('the state of a request', () => {
  const both = () => {
    const sender = new RequestState();
    return { sender, thread: new RequestState(sender.memory) };
  };

  test('a waiting request is cancelled at once, and never begins', () => {
    const { sender, thread } = both();
    expect([sender.cancel(), thread.begin(), thread.isCancelled]).toEqual([true, false, true]);
  });

  test('a running request sees that it is cancelled, and its sender that it runs', () => {
    const { sender, thread } = both();
    expect([thread.begin(), sender.cancel(), thread.isCancelled]).toEqual([true, false, true]);
    expect(thread.pause()).toBe(false);
  });

  test('a paused request waits again', () => {
    const { sender, thread } = both();
    expect([thread.begin(), thread.pause(), thread.begin(), thread.pause()]).toEqual(
      Array.from({ length: 4 }, () => true),
    );
    expect(sender.answers).toBe(2);
    expect([sender.cancel(), thread.begin()]).toEqual([true, false]);
  });

  test('a request that pauses while it is cancelled never begins again, and its sender knows that', () => {
    const { sender, thread } = both();
    thread.begin();
    const exchange = Atomics.compareExchange;
    const spy = vi.spyOn(Atomics, 'compareExchange');
    onTestFinished(() => spy.mockRestore());
    // The thread pauses after the sender has found that it runs.
    spy.mockImplementationOnce((...words: unknown[]) => {
      const found = Reflect.apply(exchange, Atomics, words);
      expect(thread.pause()).toBe(true);
      return found;
    });
    const isDropped = sender.cancel();
    expect([isDropped, thread.begin()]).toEqual([true, false]);
  });
});
