import { expect, test } from 'vitest';
import { SyncQueue } from './sync-queue.js';

const soon = () => new Promise((resolve) => setTimeout(resolve, 1));
const paths = Array.from({ length: 20 }, (_, file) => `file-${file}`);

function slowHand() {
  const synced: string[] = [];
  const hand = async (path: string) => {
    await soon();
    synced.push(path);
  };
  return { synced, hand };
}

test('files are synced once each, in the order in which they come', async () => {
  const { synced, hand } = slowHand();
  const queue = new SyncQueue(hand);
  queue.add(paths.slice(0, 3));
  await soon();
  queue.add(paths.slice(3, 5));
  await queue.settled();
  queue.add(paths.slice(5));
  await queue.settled();
  expect(synced).toEqual(paths);
});

test('none is left behind, whenever it comes', async () => {
  for (let turns = 0; turns < 30; turns++) {
    const synced: string[] = [];
    const queue = new SyncQueue(async (path) => {
      synced.push(path);
    });
    queue.add(['first']);
    for (let turn = 0; turn < turns; turn++) await undefined;
    queue.add(['second']);
    await queue.settled();
    expect(synced, `${turns} turns of the microtask queue`).toEqual(['first', 'second']);
  }
});

test('helpers take part from when they are called', async () => {
  const { synced, hand } = slowHand();
  const helper = slowHand();
  const queue = new SyncQueue(hand, [helper.hand, helper.hand]);
  queue.add(paths.slice(0, 10));
  await soon();
  expect(helper.synced).toEqual([]);
  queue.help();
  await queue.settled();
  expect(helper.synced.length).toBeGreaterThan(0);
  queue.add(paths.slice(10));
  await queue.settled();
  expect([...synced, ...helper.synced].toSorted()).toEqual(paths.toSorted());
});

test('after a failure no file is begun, and those under way are waited for', async () => {
  let begun = 0;
  let ended = 0;
  const hand = async (path: string) => {
    begun++;
    await soon();
    ended++;
    if (path === 'file-4') throw new Error('no');
  };
  const queue = new SyncQueue(hand, [hand]);
  queue.add(paths);
  queue.help();
  await expect(queue.settled()).rejects.toThrow('no');
  expect(ended).toBe(begun);
  expect(begun).toBeLessThan(8);
  queue.add(['another']);
  await expect(queue.settled()).rejects.toThrow('no');
  expect(ended).toBeLessThan(8);
});

test('a signal ends it', async () => {
  const queue = new SyncQueue(async () => undefined, [], AbortSignal.abort());
  queue.add(paths);
  await expect(queue.settled()).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
});
