import type { Files } from './memory-files.js';

/** The regular files of a plain tar. */
export function untar(tar: Uint8Array): Files {
  const files: Files = new Map();
  const text = (start: number, length: number) =>
    Buffer.from(tar.subarray(start, start + length))
      .toString('latin1')
      .split('\0')[0] ?? '';
  for (let header = 0; header + 512 <= tar.length && tar[header] !== 0; ) {
    const sizeBytes = Number.parseInt(text(header + 124, 12), 8);
    const type = text(header + 156, 1);
    const start = header + 512;
    if (type === '0' || type === '') {
      // A copy: `slice` of a Buffer would share its bytes.
      files.set(text(header, 100), new Uint8Array(tar.subarray(start, start + sizeBytes)));
    }
    header = start + Math.ceil(sizeBytes / 512) * 512;
  }
  return files;
}
