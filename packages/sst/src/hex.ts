/** Formats bytes for a message, and shortens them to 64 bytes. */
export function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64));
  return `0x${shown.toString('hex')}${bytes.length > 64 ? `… (${bytes.length} bytes)` : ''}`;
}
