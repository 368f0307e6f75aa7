// The envelope of a .c1z file.
//
//   format 1   43 31 5A 46 00 ("C1ZF\0")   one zstd stream: an SQLite database
//   format 3   43 31 5A 33 00 ("C1Z3\0")   uint32 big-endian: length of the manifest
//                                          manifest (c1.c1z.v3.C1ZManifestV3; field 1 names the engine)
//                                          payload of that engine
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { C1zError } from '../errors.js';

export const FORMAT_1_MAGIC = Uint8Array.of(0x43, 0x31, 0x5a, 0x46, 0x00);
export const FORMAT_3_MAGIC = Uint8Array.of(0x43, 0x31, 0x5a, 0x33, 0x00);
export const MAGIC_BYTES = FORMAT_1_MAGIC.length;

/** As much of a file's head as is needed to say what it is. */
export const ENVELOPE_HEAD_BYTES = 4096;

/** What other files, given by mistake, begin with. */
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
 * Finds where the payload of a format 1 file begins.
 * @param head the file's first bytes, `ENVELOPE_HEAD_BYTES` of them or the whole file
 * @throws C1zError SSTITCH_C1Z_NOT_C1Z, SSTITCH_C1Z_FORMAT_UNSUPPORTED
 */
export function payloadOffset(head: Uint8Array, path: string): number {
  if (startsWith(head, FORMAT_1_MAGIC)) return MAGIC_BYTES;
  if (startsWith(head, FORMAT_3_MAGIC)) {
    const engine = engineOfManifest(head.subarray(MAGIC_BYTES));
    throw new C1zError(
      'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
      `this is a .c1z file of format 3 (C1Z3${engine === undefined ? '' : `, engine "${engine}"`}); only format 1 (C1ZF, SQLite) is read`,
      { path },
    );
  }
  if (startsWith(head, FORMAT_1_MAGIC.subarray(0, 3)) && head.length >= MAGIC_BYTES) {
    throw new C1zError(
      'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
      `this begins like a .c1z file, but with ${hex(head)}, a format that is not known`,
      { path },
    );
  }
  throw new C1zError(
    'SSTITCH_C1Z_NOT_C1Z',
    `this is ${nameOf(head)}, not a .c1z file: that begins with ${hex(FORMAT_1_MAGIC)} ("C1ZF\\0")`,
    { path },
  );
}

/** The engine that a format 3 manifest names, if its first bytes say so legibly. */
function engineOfManifest(bytes: Uint8Array): string | undefined {
  const lengthBytes = 4;
  const engineField = 1;
  if (bytes.length < lengthBytes) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const reader = new BinaryReader(bytes.subarray(lengthBytes, lengthBytes + length));
  try {
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === engineField && wireType === WireType.LengthDelimited) {
        const engine = reader.string();
        // It goes into a message that people read: anything but a plain name is left out.
        return /^[\w.-]{1,64}$/.test(engine) ? engine : undefined;
      }
      reader.skip(wireType, field);
    }
  } catch {
    // Cut off or not a manifest: the format alone is named.
  }
  return undefined;
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
