import { compareBytes } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterError } from '../errors.js';
import {
  BlockWriter,
  contentsOfBlock,
  entriesOfBlock,
  findInBlock,
  type RunEntry,
} from './block.js';
import { bytes, entriesOf } from './runs.test-support.js';

const entries = fc
  .uniqueArray(
    fc.record({
      key: fc.uint8Array({ maxLength: 20 }),
      value: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
      sequence: fc.oneof(fc.constant(0), fc.nat(), fc.maxSafeNat()),
    }),
    { selector: ({ key }) => Buffer.from(key).toString('hex'), minLength: 1 },
  )
  .map((all) => all.sort((a, b) => compareBytes(a.key, b.key)));

function blockOf(all: readonly RunEntry[]): Uint8Array {
  const writer = new BlockWriter();
  for (const entry of all) writer.add(entry);
  return writer.finish();
}

describe('a block', () => {
  it('returns the entries that were added, with their versions and tombstones', () => {
    fc.assert(
      fc.property(entries, (all) => {
        const contents = contentsOfBlock(blockOf(all), 'block');
        expect(entriesOfBlock(contents)).toEqual(all);
        for (const { key, value, sequence } of all) {
          expect(findInBlock(contents, key)).toEqual({ value, sequence });
        }
      }),
    );
  });

  it('has nothing under keys that were not added', () => {
    const contents = contentsOfBlock(blockOf(entriesOf({ b: '1', d: undefined, e: '2' })), 'block');
    for (const key of ['', 'a', 'b\0', 'c', 'dd', 'f']) {
      expect(findInBlock(contents, bytes(key))).toBeUndefined();
    }
    expect(findInBlock(contents, bytes('d'))).toEqual({ value: undefined, sequence: 0 });
  });

  it('with any byte changed, or any bytes missing, is refused', () => {
    const block = blockOf(entriesOf({ a: '1', b: '2' }));
    for (let at = 0; at < block.length; at += 1) {
      const changed = Uint8Array.from(block);
      changed[at] = (changed[at] ?? 0) ^ 0x41;
      expect(() => contentsOfBlock(changed, 'block 7')).toThrow(/block 7/);
      expect(() => contentsOfBlock(block.subarray(0, at), 'block')).toThrow(ClusterError);
    }
  });

  it('of any bytes never fails with another error than ClusterError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        try {
          entriesOfBlock(random);
          findInBlock(random, bytes('k'));
        } catch (error) {
          expect(error).toMatchObject({ code: 'SSTITCH_CLUSTER_CORRUPT' });
        }
      }),
    );
  });

  it('refuses a key that is not above the one before, even of the block before', () => {
    const writer = new BlockWriter();
    writer.add({ key: bytes('b'), value: bytes('1'), sequence: 0 });
    writer.finish();
    expect(() => writer.add({ key: bytes('b'), value: bytes('1'), sequence: 0 })).toThrow(/follow/);
    expect(() => writer.add({ key: bytes('a'), value: bytes('1'), sequence: 0 })).toThrow(/follow/);
  });
});
