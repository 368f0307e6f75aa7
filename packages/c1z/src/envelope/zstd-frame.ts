// Reads the head of a zstd frame, and writes frames that need no compressor (RFC 8878, section 3.1.1).
//
//   magic              28 B5 2F FD
//   descriptor         1 byte: bits 7-6 size of the content size field, 5 single segment,
//                      2 checksum, 1-0 size of the dictionary id
//   window descriptor  1 byte, unless single segment: bits 7-3 exponent, 2-0 mantissa
//   dictionary id      0, 1, 2 or 4 bytes
//   content size       0, 1, 2, 4 or 8 bytes, little-endian; 2 bytes mean 256 more
//   blocks             3 bytes little-endian each: bit 0 last, bits 2-1 type (0 raw, 1 one byte
//                      repeated, 2 compressed), then size; then the content
//   checksum           4 bytes, if the descriptor says so
const ZSTD_MAGIC = 0xfd2fb528;

/** The most bytes that one block decodes to. */
export const MAX_BLOCK_BYTES = 128 * 1024;

/**
 * The largest window to decode: zstd's own limit for a decoder, and baton-sdk's. The decoder holds a window in memory.
 */
export const MAX_WINDOW_BYTES = 128 * 2 ** 20;

/** The longest head of a frame: magic, descriptor, window, dictionary id, content size. */
export const MAX_FRAME_HEAD_BYTES = 4 + 1 + 1 + 4 + 8;

/**
 * The bytes of memory that the decoder of the frame that begins here needs for its window; undefined if no
 * frame begins here.
 */
export function windowBytesOf(head: Uint8Array): number | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.byteLength < 6 || view.getUint32(0, true) !== ZSTD_MAGIC) return undefined;
  const descriptor = view.getUint8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (!isSingleSegment) {
    const windowDescriptor = view.getUint8(5);
    const base = 2 ** (10 + (windowDescriptor >> 3));
    return base + (base / 8) * (windowDescriptor & 7);
  }
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSizeBytes = [1, 2, 4, 8][descriptor >> 6] ?? 0;
  const offset = 5 + dictionaryIdBytes;
  if (view.byteLength < offset + contentSizeBytes) return undefined;
  switch (contentSizeBytes) {
    case 1:
      return view.getUint8(offset);
    case 2:
      return view.getUint16(offset, true) + 256;
    case 4:
      return view.getUint32(offset, true);
    default:
      return Number(view.getBigUint64(offset, true));
  }
}

const FRAME_HEAD_WINDOW_128_KIB = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, (17 - 10) << 3);

/** Encodes the head of a frame with a window of 128 KiB and no checksum. Blocks follow, of which the last is marked. */
export function frameHead(): Uint8Array {
  return FRAME_HEAD_WINDOW_128_KIB.slice();
}

/** Encodes an uncompressed block. */
export function rawBlock(content: Uint8Array, isLast: boolean): Uint8Array {
  const block = new Uint8Array(3 + content.length);
  block.set(blockHead(0, content.length, isLast));
  block.set(content, 3);
  return block;
}

/** Encodes a block of one repeated byte. */
export function repeatedByteBlock(byte: number, sizeBytes: number, isLast: boolean): Uint8Array {
  return Uint8Array.of(...blockHead(1, sizeBytes, isLast), byte);
}

function blockHead(type: 0 | 1, sizeBytes: number, isLast: boolean): Uint8Array {
  if (sizeBytes > MAX_BLOCK_BYTES) throw new RangeError(`a zstd block of ${sizeBytes} bytes`);
  const head = (sizeBytes << 3) | (type << 1) | (isLast ? 1 : 0);
  return Uint8Array.of(head & 0xff, (head >> 8) & 0xff, (head >> 16) & 0xff);
}
