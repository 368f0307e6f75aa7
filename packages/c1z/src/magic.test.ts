import { describe, expect, test } from 'vitest';
import { C1zError } from './errors.js';
import { formatOf } from './magic.js';

const ascii = (text: string) => new TextEncoder().encode(text);

function refusal(head: Uint8Array): { code: string; message: string } {
  try {
    formatOf(head, 'some.c1z');
  } catch (error) {
    if (error instanceof C1zError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('the file was not refused');
}

describe('the envelope of a .c1z file', () => {
  test('distinguishes the formats', () => {
    expect(formatOf(ascii('C1ZF\0....'), 'some.c1z')).toBe(1);
    expect(formatOf(ascii('C1Z3\0....'), 'some.c1z')).toBe(3);
  });

  test('refuses an unknown format as a format, not as another file', () => {
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
