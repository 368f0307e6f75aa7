// CRC-32C, masked as in LevelDB (util/crc32c.h), since a CRC of bytes that contain CRCs is weak.

import { crc32c } from './native-codecs.js';

const MASK_DELTA = 0xa282ead8;

/** Returns the masked CRC-32C of `bytes`, as a table stores it. */
export function maskedChecksum(bytes: Uint8Array): number {
  return masked(crc32c(bytes));
}

/** Computes the checksum of bytes that arrive in chunks. */
export class RunningChecksum {
  #crc = 0;

  add(bytes: Uint8Array): void {
    this.#crc = crc32c(bytes, this.#crc);
  }

  /** The masked checksum of all bytes so far. */
  get masked(): number {
    return masked(this.#crc);
  }
}

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/** Reads a 32-bit little-endian number. */
export function readFixed32(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position] as number) |
      ((bytes[position + 1] as number) << 8) |
      ((bytes[position + 2] as number) << 16) |
      ((bytes[position + 3] as number) << 24)) >>>
    0
  );
}

/** Writes a 32-bit little-endian number. */
export function writeFixed32(target: Uint8Array, position: number, value: number): void {
  target[position] = value;
  target[position + 1] = value >>> 8;
  target[position + 2] = value >>> 16;
  target[position + 3] = value >>> 24;
}
