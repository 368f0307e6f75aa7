// Arrays of bytes as a parameter of a statement, in PostgreSQL's binary format. The driver sends a Buffer as it is, but
// writes an array of Buffers as text, twice as long.
//
// Layout (array_send in PostgreSQL's arrayfuncs.c), integers big-endian, 32 bits:
//   dimensions (1) | has nulls (0) | type of the elements | number of elements | index of the first (1)
//   then each element: length | bytes
//   An array without elements has 0 dimensions, and ends after the type.

const BYTEA_TYPE = 17;
const DIMENSION_BYTES = 8;
const HEADER_BYTES = 12 + DIMENSION_BYTES;
const LENGTH_BYTES = 4;

/** Encodes a parameter of type bytea[]. */
export function byteArrayParameter(elements: readonly Uint8Array[]): Buffer {
  let length = HEADER_BYTES;
  for (const element of elements) length += LENGTH_BYTES + element.length;
  const encoded = Buffer.allocUnsafe(length);
  encoded.writeInt32BE(elements.length === 0 ? 0 : 1, 0);
  encoded.writeInt32BE(0, 4);
  encoded.writeInt32BE(BYTEA_TYPE, 8);
  if (elements.length === 0) return encoded.subarray(0, HEADER_BYTES - DIMENSION_BYTES);
  encoded.writeInt32BE(elements.length, 12);
  encoded.writeInt32BE(1, 16);
  let at = HEADER_BYTES;
  for (const element of elements) {
    at = encoded.writeInt32BE(element.length, at);
    encoded.set(element, at);
    at += element.length;
  }
  return encoded;
}
