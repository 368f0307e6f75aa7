// The first bytes of a .c1z file, which state its format.
//
//   format 1   43 31 5A 46 00 ("C1ZF\0")   one zstd stream: an SQLite database
//   format 3   43 31 5A 33 00 ("C1Z3\0")   a manifest and a payload, see envelope/manifest.ts
import { C1zError } from './errors.js';

/** The number of a format. */
export type C1zFormat = 1 | 3;

export const FORMAT_1_MAGIC = Uint8Array.of(0x43, 0x31, 0x5a, 0x46, 0x00);
export const FORMAT_3_MAGIC = Uint8Array.of(0x43, 0x31, 0x5a, 0x33, 0x00);
export const MAGIC_BYTES = FORMAT_1_MAGIC.length;

/** The first bytes of other files that may be passed by mistake. */
const OTHER_FILES: readonly (readonly [name: string, firstBytes: Uint8Array])[] = [
  ['a gzip file', Uint8Array.of(0x1f, 0x8b)],
  ['a zip archive', Uint8Array.of(0x50, 0x4b, 0x03, 0x04)],
  ['a bare zstd stream', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)],
  ['an xz file', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a)],
  ['a bzip2 file', Uint8Array.of(0x42, 0x5a, 0x68)],
  ['a bare SQLite database', new TextEncoder().encode('SQLite format 3\0')],
  ['a JSON document', Uint8Array.of(0x7b)],
];

/**
 * Returns the format of the file that begins with `head`.
 * @param head at least the first `MAGIC_BYTES` bytes of the file, or the whole file
 * @throws C1zError SSTITCH_C1Z_NOT_C1Z, SSTITCH_C1Z_FORMAT_UNSUPPORTED
 */
export function formatOf(head: Uint8Array, path: string): C1zFormat {
  if (startsWith(head, FORMAT_1_MAGIC)) return 1;
  if (startsWith(head, FORMAT_3_MAGIC)) return 3;
  if (startsWith(head, FORMAT_1_MAGIC.subarray(0, 3)) && head.length >= MAGIC_BYTES) {
    throw new C1zError(
      'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
      `this begins like a .c1z file, but with ${hex(head)}, an unknown format: read it with a newer @sstitch/c1z`,
      { path, offset: 0 },
    );
  }
  throw new C1zError(
    'SSTITCH_C1Z_NOT_C1Z',
    `this is ${nameOf(head)}, not a .c1z file: that begins with "C1ZF\\0" or "C1Z3\\0"`,
    { path, offset: 0 },
  );
}

function nameOf(head: Uint8Array): string {
  if (head.length === 0) return 'an empty file';
  for (const [name, firstBytes] of OTHER_FILES) {
    if (startsWith(head, firstBytes)) return name;
  }
  return `an unknown file that begins with ${hex(head)}`;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte);
}

function hex(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, MAGIC_BYTES);
  return Array.from(shown, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
