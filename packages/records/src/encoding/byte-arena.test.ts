import { encodeTuple } from '@sstitch/keys';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArenaMemory } from './arena-memory.js';
import { ByteArena } from './byte-arena.js';

function written(write: (arena: ByteArena) => void): Buffer {
  const arena = new ByteArena(new ArenaMemory(), 1);
  write(arena);
  return Buffer.from(arena.bytes.slice(0, arena.length));
}

/** A reference encoding of a varint. */
function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value % 128n) | 128, ...varint(value / 128n)];
}

describe('an arena', () => {
  test('writes numbers as varints', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = written((arena) => arena.varint(value));
        expect([...bytes]).toEqual(varint(BigInt(value)));
      }),
    );
  });

  test('writes a string as length-prefixed UTF-8, and refuses a lone surrogate', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(text, fc.nat(20_000), (end, blanks) => {
        const whole = ' '.repeat(blanks) + end;
        const utf8 = Buffer.from(whole);
        const bytes = written((arena) => expect(arena.lengthAndText(whole)).toBe(true));
        const wanted = Buffer.concat([Buffer.from(varint(BigInt(utf8.length))), utf8]);
        expect(bytes.equals(wanted)).toBe(true);
      }),
    );
    for (const lone of ['\ud800', 'a\udc00', '\ud800a', '\udc00\ud800']) {
      written((arena) => expect(arena.lengthAndText(lone)).toBe(false));
    }
  });

  test('writes elements as tuples do', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (elements) => {
        const bytes = written((arena) => {
          for (const element of elements) arena.element(element);
        });
        expect(bytes).toEqual(Buffer.from(encodeTuple(elements)));
      }),
    );
  });

  test('returns the block that it has outgrown to its memory', () => {
    const memory = new ArenaMemory();
    const arena = new ByteArena(memory, 1024);
    const first = arena.bytes.buffer;
    arena.copy(new Uint8Array(1025).fill(7));
    expect(arena.bytes.slice(0, arena.length)).toEqual(new Uint8Array(1025).fill(7));
    expect(memory.take(1000).buffer).toBe(first);
    // A lent block is not lent again.
    expect(memory.take(1000).buffer).not.toBe(first);
  });
});
