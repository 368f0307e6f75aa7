import { expect, test } from 'vitest';
import { syncByHands } from './sync-files.js';

const soon = () => new Promise((resolve) => setTimeout(resolve, 1));
const gone = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' }));
const paths = Array.from({ length: 20 }, (_, file) => `file-${file}`);

test('every file is synced once, by whichever hand is free', async () => {
  const synced: string[] = [];
  const hand = async (path: string) => {
    await soon();
    synced.push(path);
  };
  await syncByHands(paths, {}, [hand, hand, hand]);
  expect(synced.toSorted()).toEqual(paths.toSorted());
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
  await expect(syncByHands(paths, {}, [hand, hand])).rejects.toThrow('no');
  expect(ended).toBe(begun);
  expect(begun).toBeLessThan(8);
});

test('a file that is gone is a failure, unless it may be', async () => {
  await expect(syncByHands(paths, {}, [gone])).rejects.toThrow('gone');
  await expect(syncByHands(paths, { mayBeGone: true }, [gone])).resolves.toBeUndefined();
});

test('a signal ends it', async () => {
  const signal = AbortSignal.abort();
  await expect(syncByHands(paths, { signal }, [async () => undefined])).rejects.toMatchObject({
    code: 'SSTITCH_ABORTED',
  });
});
