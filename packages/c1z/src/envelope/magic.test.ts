import { describe, expect, test } from 'vitest';
import { C1zError } from '../errors.js';
import { payloadOffset } from './magic.js';

const ascii = (text: string) => new TextEncoder().encode(text);

function refusal(head: Uint8Array): { code: string; message: string } {
  try {
    payloadOffset(head, 'some.c1z');
  } catch (error) {
    if (error instanceof C1zError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the envelope of a .c1z file', () => {
  test('format 1: the payload follows the magic bytes', () => {
    expect(payloadOffset(ascii('C1ZF\0....'), 'some.c1z')).toBe(5);
  });

  test('format 3 is refused by name, with the engine that its manifest names', () => {
    const manifest = Uint8Array.of(0x0a, 6, ...ascii('pebble'), 0x10, 3);
    const head = Uint8Array.of(...ascii('C1Z3\0'), 0, 0, 0, manifest.length, ...manifest);
    const { code, message } = refusal(head);
    expect(code).toBe('SSTITCH_C1Z_FORMAT_UNSUPPORTED');
    expect(message).toBe(
      'this is a .c1z file of format 3 (C1Z3, engine "pebble"); only format 1 (C1ZF, SQLite) is read (some.c1z)',
    );
  });

  test.each([
    ['cut off', Uint8Array.of(0, 0)],
    ['of another kind', Uint8Array.of(0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4)],
    ['with a name no terminal should show', Uint8Array.of(0, 0, 0, 4, 0x0a, 2, 0x1b, 0x5b)],
  ])('format 3 with a manifest %s is refused without an engine', (_, manifest) => {
    const { message } = refusal(Uint8Array.of(...ascii('C1Z3\0'), ...manifest));
    expect(message).toContain('of format 3 (C1Z3); only format 1');
  });

  test('a format yet unknown is refused as a format, not as another file', () => {
    expect(refusal(ascii('C1Z9\0....'))).toMatchObject({ code: 'SSTITCH_C1Z_FORMAT_UNSUPPORTED' });
  });

  test.each([
    ['a gzip file', Uint8Array.of(0x1f, 0x8b, 8)],
    ['a zip archive', ascii('PK\x03\x04')],
    ['a bare SQLite database', ascii('SQLite format 3\0')],
    ['a bare zstd stream', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)],
    ['a JSON document', ascii('{"a":1}')],
    ['an empty file', new Uint8Array()],
    ['an unknown file that begins with 68 65 6c 6c 6f', ascii('hello world')],
    ['an unknown file that begins with 43 31', ascii('C1')],
  ])('%s is named', (name, head) => {
    const { code, message } = refusal(head);
    expect(code).toBe('SSTITCH_C1Z_NOT_C1Z');
    expect(message).toContain(`this is ${name}, not a .c1z file`);
  });
});
