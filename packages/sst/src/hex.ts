/** Bytes as people read them in a message; long ones are split. */
export function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64));
  return `0x${shown.toString('hex')}${bytes.length > 64 ? `… (${bytes.length} bytes)` : ''}`;
}
