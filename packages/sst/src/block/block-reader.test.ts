import { describe, expect, it } from 'vitest';
import { bytesOf, internalKey, textOf } from '../../test/entries.js';
import { BlockBuilder } from './block-builder.js';
import { BlockReader } from './block-reader.js';

const at = { path: 'some.ldb', offset: 4096 };

/** Makes a block from its entries in hex and its restart points. */
function blockOf(entries: string, restarts: readonly number[]): Uint8Array {
  const tail = Buffer.alloc(4 * restarts.length + 4);
  for (const [index, offset] of restarts.entries()) tail.writeUInt32LE(offset, 4 * index);
  tail.writeUInt32LE(restarts.length, 4 * restarts.length);
  return Uint8Array.from(Buffer.concat([Buffer.from(entries.replaceAll(' ', ''), 'hex'), tail]));
}

function walk(bytes: Uint8Array): [string, string][] {
  const reader = new BlockReader(1);
  reader.load(bytes, at);
  const found: [string, string][] = [];
  for (reader.seekToFirst(); reader.valid; reader.next()) {
    found.push([
      textOf(reader.keyBytes.subarray(0, reader.keyLength)),
      textOf(reader.data.subarray(reader.valueStart, reader.valueEnd)),
    ]);
  }
  return found;
}

describe('a block', () => {
  it('has entries that share leading bytes of the previous key', () => {
    expect(walk(blockOf('00 02 01 6162 78  01 01 00 63  00 01 00 7a', [0, 11]))).toEqual([
      ['ab', 'x'],
      ['ac', ''],
      ['z', ''],
    ]);
  });

  it('may be empty', () => {
    expect(walk(blockOf('', [0]))).toEqual([]);
  });

  it('is empty if it has no restart points, as in LevelDB', () => {
    for (const block of [blockOf('', []), blockOf('00 01 00 61', [])]) {
      expect(walk(block)).toEqual([]);
      const reader = new BlockReader(8);
      reader.load(block, at);
      const target = internalKey('a', 1, 'value');
      reader.seek(target, target.length);
      expect(reader.valid).toBe(false);
      reader.seekToLast();
      expect(reader.valid).toBe(false);
    }
  });

  it.each<[string, string, number[], RegExp]>([
    ['has an entry that is truncated in its lengths', '00 01', [0], /entry at 0 is truncated/],
    ['has a key that reaches into the restart points', '00 05 00 61', [0], /0, 5 and 0/],
    ['has a value that reaches into them', '00 01 05 61 62', [0], /0, 1 and 5/],
    ['has lengths that overflow together', '00 ffffffff0f ffffffff0f 61', [0], /impossible/],
    ['has a length of more than 32 bits', '00 ffffffff1f 00 61', [0], /not valid/],
    ['has a length that does not end', '00 80 80', [0], /not valid/],
    ['shares more bytes than the previous key has', '00 01 00 61  02 01 00 62', [0], /2, 1 and 0/],
    ['shares bytes in its first entry', '01 01 00 61', [0], /1, 1 and 0/],
    ['has an empty key', '00 00 00', [0], /0, 0 and 0/],
    ['has a restart point outside', '00 01 00 61', [4], /restart point 0 lies at 4/],
  ])('that %s is refused, with its offset in the file', (_name, entries, restarts, message) => {
    const run = () => walk(blockOf(entries, restarts));
    expect(run).toThrow(message);
    expect(run).toThrow(/some\.ldb at byte 4096/);
    expect(run).toThrow(expect.objectContaining({ code: 'SSTITCH_TABLE_CORRUPT', offset: 4096 }));
  });

  it('that claims more restart points than fit, or is shorter than their number, is refused', () => {
    expect(() => walk(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toThrow(/4294967295 restart points/);
    expect(() => walk(Uint8Array.of(1, 0, 0))).toThrow(/a block of 3 bytes/);
  });

  it('whose restart point lies inside an entry cannot be walked backwards', () => {
    const reader = new BlockReader(1);
    reader.load(blockOf('00 01 04 61 00030062  00 01 00 7a', [0, 4]), at);
    reader.seekToFirst();
    reader.next();
    expect(() => reader.prev()).toThrow(/restart point 1 does not lead to the entry at 8/);
    expect(reader.valid).toBe(false);
  });

  it('is searched by its restart points, at any restart interval', () => {
    for (const restartInterval of [1, 2, 7, 100]) {
      const builder = new BlockBuilder(restartInterval);
      const keys = Array.from({ length: 50 }, (_, index) =>
        internalKey(`key ${String(index * 2).padStart(3, '0')}`, 7, 'value'),
      );
      for (const key of keys) {
        const value = bytesOf('v');
        builder.append(key, key.length, builder.sharedWithLast(key, key.length), value, 0, 1);
      }
      const reader = new BlockReader(8);
      reader.load(builder.finish().slice(), at);
      expect(reader.restartCount).toBe(Math.ceil(50 / restartInterval));
      for (let number = 0; number < 101; number += 1) {
        const target = internalKey(`key ${String(number).padStart(3, '0')}`, 7, 'value');
        reader.seek(target, target.length);
        const expected = keys[Math.ceil(number / 2)];
        expect(reader.valid).toBe(expected !== undefined);
        if (expected !== undefined) {
          expect(reader.keyBytes.subarray(0, reader.keyLength)).toEqual(expected);
        }
      }
    }
  });
});
