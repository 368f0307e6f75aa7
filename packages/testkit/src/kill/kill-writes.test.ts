import { byteEncodings } from '@sstitch/contract';
import { expect, test } from 'vitest';
import { ModelEngine } from '../model-engine.js';
import { checkWrites, writtenBatch } from './kill-writes.js';

/** An engine that holds writes 10 to 19, except the omitted keys. */
async function engineWithout(isLeftOut: (write: number, part: number) => boolean) {
  const engine = new ModelEngine();
  for (let write = 10; write < 20; write++) {
    const puts = writtenBatch(write).filter((_, part) => !isLeftOut(write, part));
    await engine.batch(puts, byteEncodings);
  }
  return engine;
}

test('accepts complete writes, and returns the last one', async () => {
  const engine = await engineWithout(() => false);
  expect(await checkWrites(engine, 10, 19, 19)).toBe(19);
});

test('detects a lost write, a half of a write, and a write that never began', async () => {
  const whole = await engineWithout(() => false);
  await expect(checkWrites(whole, 10, 20)).rejects.toThrow('lost');
  await expect(checkWrites(whole, 10, 17, 18)).rejects.toThrow('the last that had begun');
  const gap = await engineWithout((write) => write === 13);
  await expect(checkWrites(gap, 10, 19)).rejects.toThrow('instead of write 13');
  const half = await engineWithout((write, part) => write === 14 && part === 1);
  await expect(checkWrites(half, 10, 19)).rejects.toThrow('instead of write 14');
  const split = await engineWithout((write, part) => write > 17 || (write === 17 && part > 0));
  await expect(checkWrites(split, 10, 16)).rejects.toThrow('half of write 17');
});
