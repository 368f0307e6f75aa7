import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../test/entries.js';
import { bloomFilterBytes, bloomHash, bloomMayMatch, writeBloomFilter } from './bloom-filter.js';
import { FilterBlockBuilder, FilterBlockReader } from './filter-block.js';

const hashOf = (bytes: Uint8Array): number => bloomHash(bytes, 0, bytes.length);

function filterOf(hashes: readonly number[]): Uint8Array {
  const filter = new Uint8Array(bloomFilterBytes(hashes.length, 10));
  writeBloomFilter(filter, 0, Uint32Array.from(hashes), hashes.length, 10);
  return filter;
}

describe('the bloom hash', () => {
  // LevelDB's test vectors (util/hash_test.cc), which use the same seed.
  it.each([
    ['', 0xbc9f1d34],
    ['\x62', 0xef1345c4],
    ['\xc3\x97', 0x5b663814],
    ['\xe2\x99\xa5', 0x323c078f],
    ['\xe1\x80\xb9\x32', 0xed21633a],
  ])('of %j is that of LevelDB', (text, expected) => {
    expect(hashOf(bytesOf(text))).toBe(expected);
  });
});

describe('a bloom filter', () => {
  it('has at least 64 bits, ten for each key, and six probes', () => {
    expect(filterOf([1]).length).toBe(9);
    expect(filterOf([1]).at(-1)).toBe(6);
    expect(bloomFilterBytes(100, 10)).toBe(126);
  });

  it('matches each of its keys', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1 }), (keys) => {
        const filter = filterOf(keys.map(hashOf));
        for (const key of keys) {
          expect(bloomMayMatch(filter, 0, filter.length, hashOf(key))).toBe(true);
        }
      }),
    );
  });

  it('matches few other keys', () => {
    const hash = (text: string) => hashOf(bytesOf(text));
    const filter = filterOf(Array.from({ length: 1000 }, (_, index) => hash(`in ${index}`)));
    const matches = Array.from({ length: 10_000 }, (_, index) => hash(`out ${index}`)).filter(
      (each) => bloomMayMatch(filter, 0, filter.length, each),
    );
    expect(matches.length).toBeLessThan(200);
  });

  it('that is empty matches nothing, and one of an unknown encoding everything', () => {
    expect(bloomMayMatch(new Uint8Array(0), 0, 0, 7)).toBe(false);
    expect(bloomMayMatch(Uint8Array.of(0, 31), 0, 2, 7)).toBe(true);
  });
});

describe('a filter block', () => {
  it('has a filter for each window in which a data block starts, found by the offset', () => {
    const builder = new FilterBlockBuilder(10);
    const add = (text: string) => builder.addUserKey(bytesOf(text), text.length);
    builder.startBlock(0);
    add('one');
    builder.startBlock(100);
    add('two');
    builder.startBlock(5000);
    add('three');
    const reader = new FilterBlockReader(builder.finish(), {});
    const matches = (offset: number, text: string) =>
      reader.mayMatch(offset, hashOf(bytesOf(text)));
    expect(reader.windowCount).toBe(3);
    expect([0, 1, 2].map((window) => reader.hasFilter(window))).toEqual([true, false, true]);
    expect(matches(0, 'one') && matches(100, 'one') && matches(100, 'two')).toBe(true);
    expect(matches(5000, 'three') && matches(4096, 'three')).toBe(true);
    expect(matches(0, 'three') || matches(2048, 'one') || matches(5000, 'one')).toBe(false);
  });

  it.each([
    ['too short', '00000000', /too short/],
    ['with windows of another size', '000000000c', /windows of 2\^12/],
    ['whose offsets lie outside', 'ff0000000b', /outside/],
    ['whose offsets do not ascend', '0000050000000100000002 0000000b', /window/],
  ])('%s is refused', (_name, bytes, message) => {
    const contents = Uint8Array.from(Buffer.from(bytes.replaceAll(' ', ''), 'hex'));
    expect(() => new FilterBlockReader(contents, { path: 'p', offset: 9 })).toThrow(message);
    expect(() => new FilterBlockReader(contents, { path: 'p', offset: 9 })).toThrow(/p at byte 9/);
  });
});
