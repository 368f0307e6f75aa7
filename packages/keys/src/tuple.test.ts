import { compareBytes } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyElement, anyElements, codeOf } from '../test/arbitraries.js';
import { toHex } from './hex.js';
import { decodeTuple, elementLengthBytes, encodeTuple, writeElement } from './tuple.js';

const UTF8 = new TextEncoder();

describe('a tuple', () => {
  test.each([
    ['no element', [], ''],
    ['an empty element', [''], '00'],
    ['plain letters', ['ab', 'c'], '00616200' + '63'],
    ['a 00', ['a\u0000b'], '0061010162'],
    ['a 01', ['\u0001'], '000102'],
    ['characters of two, three and four bytes', ['é一😀'], '00c3a9e4b880f09f9880'],
    ['a byte order mark', ['\ufeffa'], '00efbbbf61'],
  ])('with %s has exactly these bytes', (_, elements, hex) => {
    expect(toHex(encodeTuple(elements))).toBe(hex);
    expect(decodeTuple(encodeTuple(elements))).toEqual(elements);
  });

  test('decodes to the elements that were encoded, whatever they hold', () => {
    fc.assert(
      fc.property(anyElements, (elements) => {
        expect(decodeTuple(encodeTuple(elements))).toEqual(elements);
      }),
    );
  });

  test('sorts as its elements sort as UTF-8', () => {
    fc.assert(
      fc.property(anyElements, anyElements, (a, b) => {
        const order = Math.sign(compareBytes(encodeTuple(a), encodeTuple(b)));
        expect(order).toBe(Math.sign(compareElements(a, b)));
      }),
    );
  });

  test('holds the UTF-8 that TextEncoder writes', () => {
    fc.assert(
      fc.property(anyElement, (element) => {
        const plain = [...UTF8.encode(element)];
        const escaped = plain.flatMap((byte) => (byte <= 1 ? [1, byte + 1] : [byte]));
        expect([...encodeTuple([element])]).toEqual([0, ...escaped]);
      }),
    );
  });

  test.each(['\ud800', 'a\udc00', '\udc00\ud800', '\ud800\ud800', '\ud83d'])(
    'refuses a lone surrogate: %j',
    (element) => {
      expect(codeOf(() => elementLengthBytes(element))).toBe('SSTITCH_KEY_ELEMENT_INVALID');
      expect(codeOf(() => writeElement(new Uint8Array(99), 0, element))).toBe(
        'SSTITCH_KEY_ELEMENT_INVALID',
      );
    },
  );

  test.each([
    ['an element without a separator', [0x61]],
    ['a truncated escape', [0x00, 0x61, 0x01]],
    ['an escape followed by an unescaped 00', [0x00, 0x01, 0x00]],
    ['an unknown escape', [0x00, 0x01, 0x03]],
    ['a byte that is not UTF-8', [0x00, 0xff]],
    ['an overlong form', [0x00, 0xc1, 0xa1]],
    ['a surrogate in UTF-8', [0x00, 0xed, 0xa0, 0x80]],
    ['a character cut by a separator', [0x00, 0xc3, 0x00, 0xa9]],
  ])('is refused with %s', (_, bytes) => {
    expect(codeOf(() => decodeTuple(Uint8Array.from(bytes)))).toBe('SSTITCH_KEY_MALFORMED');
  });

  test('has one encoding: if bytes decode, the elements encode to the same bytes', () => {
    const bytesNearTuples = fc.array(fc.constantFrom(0, 1, 2, 3, 0x61, 0xc3, 0xa9, 0xff));
    fc.assert(
      fc.property(bytesNearTuples, (bytes) => {
        const tuple = Uint8Array.from([0, ...bytes]);
        let elements: string[] | undefined;
        try {
          elements = decodeTuple(tuple);
        } catch {
          return;
        }
        expect(toHex(encodeTuple(elements))).toBe(toHex(tuple));
      }),
      { numRuns: 1000 },
    );
  });
});

function compareElements(a: readonly string[], b: readonly string[]): number {
  for (const [at, element] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const order = compareBytes(UTF8.encode(element), UTF8.encode(other));
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
