/** Bytes as lower-case hex, two digits a byte: how keys appear in messages and at a terminal. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
