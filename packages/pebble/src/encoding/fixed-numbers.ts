// Reads fixed-width little-endian numbers.

/** Reads a 32-bit number. */
export function readUint32(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position] as number) |
      ((bytes[position + 1] as number) << 8) |
      ((bytes[position + 2] as number) << 16) |
      ((bytes[position + 3] as number) << 24)) >>>
    0
  );
}

/** Reads a 16-bit number. */
export function readUint16(bytes: Uint8Array, position: number): number {
  return (bytes[position] as number) | ((bytes[position + 1] as number) << 8);
}
