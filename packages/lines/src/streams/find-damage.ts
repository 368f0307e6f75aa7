// Finds where bytes are not UTF-8. Decodes them again, and only to report an error.

/** The text before the first bytes that are not UTF-8; '' if all are. */
export function textBeforeDamage(bytes: Uint8Array): string {
  const replaced = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let offset = 0;
  let counted = 0;
  for (let at = replaced.indexOf('\ufffd'); at >= 0; at = replaced.indexOf('\ufffd', at + 1)) {
    offset += Buffer.byteLength(replaced.slice(counted, at));
    counted = at;
    // A replacement character in the input itself is valid.
    if (bytes[offset] !== 0xef || bytes[offset + 1] !== 0xbf || bytes[offset + 2] !== 0xbd) {
      return replaced.slice(0, at);
    }
  }
  return '';
}
