import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { C1zProgress } from '../options.js';
import { decodeStream } from './decode-zstd.js';
import { frameHead, MAX_BLOCK_BYTES, rawBlock, repeatedByteBlock } from './zstd-frame.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'decode-zstd-'));
});
afterEach(() => rm(directory, { recursive: true }));

const NO_LIMITS = { maxDecodedBytes: 2 ** 40, maxDecodedRatio: 2 ** 40 };

async function decode(
  stream: Uint8Array,
  limits: Partial<typeof NO_LIMITS> = {},
): Promise<{ content: Uint8Array; progress: C1zProgress[] }> {
  const path = join(directory, 'stream');
  const targetPath = join(directory, 'target');
  writeFileSync(path, stream);
  const fileDescriptor = openSync(path, 'r');
  const target = openSync(targetPath, 'w');
  const progress: C1zProgress[] = [];
  try {
    const file = { fileDescriptor, path, fileBytes: stream.length };
    const source = { file, part: undefined, start: 0, end: stream.length };
    await decodeStream(
      source,
      (bytes) => writeSync(target, bytes),
      { ...NO_LIMITS, ...limits },
      (step) => {
        progress.push(step);
      },
    );
  } finally {
    closeSync(fileDescriptor);
    closeSync(target);
  }
  return { content: readFileSync(targetPath), progress };
}

const concat = (parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const hello = new TextEncoder().encode('hello, ');
const world = new TextEncoder().encode('world');

/** Blocks of zeros, each of which decodes 4 bytes to 128 KiB. */
function zeros(blocks: number, isEnded: boolean): Uint8Array {
  const parts = [frameHead()];
  for (let index = 1; index <= blocks; index += 1) {
    parts.push(repeatedByteBlock(0, MAX_BLOCK_BYTES, isEnded && index === blocks));
  }
  return concat(parts);
}

describe('decoding a zstd stream', () => {
  test('decodes consecutive blocks and frames', async () => {
    const frame = concat([frameHead(), rawBlock(hello, false), rawBlock(world, true)]);
    expect(text((await decode(concat([frame, frame]))).content)).toBe('hello, worldhello, world');
  });

  test('skips any number of frames and chunks without content', async () => {
    const empty = concat([frameHead(), rawBlock(new Uint8Array(0), true)]);
    const skipped = new Uint8Array(8 + 4 * 2 ** 20);
    new DataView(skipped.buffer).setUint32(0, 0x184d2a50, true);
    new DataView(skipped.buffer).setUint32(4, skipped.length - 8, true);
    const frame = concat([frameHead(), rawBlock(hello, true)]);
    const { content } = await decode(concat([frame, ...Array(20_000).fill(empty), skipped, frame]));
    expect(text(content)).toBe('hello, hello, ');
  });

  test('reports progress during decoding and at the end', async () => {
    const { progress } = await decode(zeros(200, true));
    expect(progress.length).toBeGreaterThan(2);
    expect(progress.at(-1)).toEqual({
      step: 'decoding',
      encodedBytes: statSync(join(directory, 'stream')).size,
      decodedBytes: 200 * MAX_BLOCK_BYTES,
    });
  });

  test('stops a bomb at maxDecodedBytes, with no more than that on disk', async () => {
    const limits = { maxDecodedBytes: 2 ** 20 };
    await expect(decode(zeros(50_000, false), limits)).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_TOO_LARGE',
      message: expect.stringContaining('more than 1048576 bytes (option maxDecodedBytes)'),
    });
    expect(statSync(join(directory, 'target')).size).toBeLessThanOrEqual(2 ** 20);
  });

  test('stops a bomb within maxDecodedBytes at its ratio', async () => {
    await expect(decode(zeros(1000, true), { maxDecodedRatio: 1000 })).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_TOO_LARGE',
      message: expect.stringContaining('more than 1000 times its size (option maxDecodedRatio)'),
    });
  });

  test('ignores the ratio up to 64 MiB, because databases hold empty pages', async () => {
    const { content } = await decode(zeros(512, true), { maxDecodedRatio: 1 });
    expect(content.length).toBe(64 * 2 ** 20);
  });

  test('refuses a window larger than 128 MiB before it is allocated', async () => {
    const head = frameHead();
    head[5] = (31 - 10) << 3;
    await expect(decode(concat([head, rawBlock(hello, true)]))).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_TOO_LARGE',
      message: expect.stringContaining('a window of 2147483648 bytes'),
    });
  });

  test.each([
    ['nothing', new Uint8Array(), 'there is no zstd stream where'],
    ['other bytes', new TextEncoder().encode('SQLite format 3'), 'there is no zstd stream where'],
    ['a frame without blocks', frameHead(), 'is truncated'],
    [
      'a frame without its last block',
      concat([frameHead(), rawBlock(hello, false)]),
      'is truncated',
    ],
    ['half a block', concat([frameHead(), rawBlock(hello, true).subarray(0, 6)]), 'is truncated'],
    [
      'a block of a type that does not exist',
      concat([frameHead(), Uint8Array.of(0b111, 0, 0), hello]),
      'is damaged',
    ],
    [
      'bytes after the last frame',
      concat([frameHead(), rawBlock(hello, true), new Uint8Array(40).fill(7)]),
      'is damaged',
    ],
  ])('%s causes one clear error', async (_, stream, message) => {
    const refused = decode(stream);
    await expect(refused).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_CORRUPT',
      message: expect.stringContaining(message),
    });
    // The error quotes the message of zstd without a full stop at its end.
    await expect(refused).rejects.toThrow(/^[^.]*[^.;]; copy the file|there is no zstd stream/);
  });
});
