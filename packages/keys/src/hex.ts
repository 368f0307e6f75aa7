/** Formats bytes as lower-case hex, two digits a byte, as messages and the terminal show keys. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
