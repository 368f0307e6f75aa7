import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRunIndex, encodeRunIndex } from './run-index.js';
import { bytes, numberedKey } from './runs.test-support.js';

const blocks = Array.from({ length: 1234 }, (_, number) => ({
  chunk: Math.floor(number / 32),
  lengthBytes: 1000 + number,
  firstKey: bytes(numberedKey(10 * number)),
}));

describe('the index of a run', () => {
  it('returns its blocks, over several parts', () => {
    const parts = encodeRunIndex(blocks);
    expect(parts.length).toBe(3);
    const index = decodeRunIndex(parts, 'run');
    expect(index?.blockCount).toBe(1234);
    expect(index?.chunkCount).toBe(39);
    for (const [number, block] of blocks.entries()) expect(index?.block(number)).toEqual(block);
    expect([index?.chunkStart(1), index?.chunkStart(38), index?.chunkStart(39)]).toEqual([
      32, 1216, 1234,
    ]);
  });

  it('says how much memory it takes: the keys, whole, and two numbers a block', () => {
    const keys = blocks.reduce((sum, { firstKey }) => sum + firstKey.length, 0);
    const index = decodeRunIndex(encodeRunIndex(blocks), 'run');
    expect(index?.memoryBytes).toBe(keys + 8 * (1234 + 39));
  });

  it('finds the one block that can hold a key', () => {
    const index = decodeRunIndex(encodeRunIndex(blocks), 'run');
    expect(index?.blockOf(bytes(numberedKey(0)))).toBe(0);
    expect(index?.blockOf(bytes('a'))).toBe(-1);
    expect(index?.blockOf(bytes(numberedKey(10)))).toBe(1);
    expect(index?.blockOf(bytes(numberedKey(19)))).toBe(1);
    expect(index?.blockBelow(bytes(numberedKey(10)))).toBe(0);
    expect(index?.blockBelow(bytes(numberedKey(11)))).toBe(1);
    expect(index?.blockOf(bytes('z'))).toBe(1233);
  });

  it('without one of its parts is undefined', () => {
    const parts = encodeRunIndex(blocks);
    for (let missing = 0; missing < parts.length; missing += 1) {
      const rest = parts.filter((_, part) => part !== missing);
      expect(decodeRunIndex(rest, 'run')).toBeUndefined();
    }
    expect(decodeRunIndex([], 'run')).toBeUndefined();
  });

  it('with any byte changed is refused', () => {
    const [part] = encodeRunIndex(blocks.slice(0, 3));
    for (let at = 0; at < (part?.length ?? 0); at += 1) {
      const changed = Uint8Array.from(part ?? []);
      changed[at] = (changed[at] ?? 0) ^ 0x41;
      expect(() => decodeRunIndex([changed], 'run 7')).toThrow(/run 7/);
    }
  });

  it('round-trips any keys and lengths', () => {
    const anyBlock = fc.record({
      lengthBytes: fc.nat(2 ** 31 - 1),
      firstKey: fc.uint8Array({ maxLength: 300 }),
      opensChunk: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyBlock, { minLength: 1, maxLength: 20 }), (given) => {
        let chunk = -1;
        const all = given.map(({ opensChunk, ...block }) => {
          if (opensChunk || chunk < 0) chunk += 1;
          return { ...block, chunk };
        });
        const index = decodeRunIndex(encodeRunIndex(all), 'run');
        expect(all.map((_, number) => index?.block(number))).toEqual(all);
      }),
    );
  });
});
