import { byteEncodings } from '@sstitch/contract';
import { expect, test } from 'vitest';
import { ModelEngine } from '../model-engine.js';
import { checkWrites, writtenBatch } from './kill-writes.js';

/** An engine that holds writes 10 to 19, but for the keys left out. */
async function engineWithout(isLeftOut: (write: number, part: number) => boolean) {
  const engine = new ModelEngine();
  for (let write = 10; write < 20; write++) {
    const puts = writtenBatch(write).filter((_, part) => !isLeftOut(write, part));
    await engine.batch(puts, byteEncodings);
  }
  return engine;
}

test('writes that are all there check, and the last one is known', async () => {
  const engine = await engineWithout(() => false);
  expect(await checkWrites(engine, 10, 19, 19)).toBe(19);
});

test('a lost write, a lost half of one, and one that nobody began are found', async () => {
  const whole = await engineWithout(() => false);
  await expect(checkWrites(whole, 10, 20)).rejects.toThrow('lost');
  await expect(checkWrites(whole, 10, 17, 18)).rejects.toThrow('last one begun');
  const gap = await engineWithout((write) => write === 13);
  await expect(checkWrites(gap, 10, 19)).rejects.toThrow('in the place of write 13');
  const half = await engineWithout((write, part) => write === 14 && part === 1);
  await expect(checkWrites(half, 10, 19)).rejects.toThrow('in the place of write 14');
  const split = await engineWithout((write, part) => write > 17 || (write === 17 && part > 0));
  await expect(checkWrites(split, 10, 16)).rejects.toThrow('half of write 17');
});
