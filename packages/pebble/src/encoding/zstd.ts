// Decompresses zstd frames with zstd as WebAssembly, because Node has zstd only from 22.15 on. The module is the one that
// c1z decodes streams with, so that a process loads zstd once.

import { ZSTDDecoder } from 'zstddec/stream';

const decoder = new ZSTDDecoder();

/** Loads zstd, once in a process. Must fulfil before `decompressZstd` is called. */
export function loadZstd(): Promise<void> {
  // If `fetch` exists, zstddec decodes its embedded WebAssembly with it, which makes Node load its HTTP client
  // and takes 100 ms. So `fetch` is hidden until `init` returns; no other code runs in between.
  const fetch = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
  if (fetch?.configurable !== true) return decoder.init();
  Reflect.deleteProperty(globalThis, 'fetch');
  try {
    return decoder.init();
  } finally {
    Object.defineProperty(globalThis, 'fetch', fetch);
  }
}

/**
 * Decompresses a frame.
 *
 * @returns undefined if the frame is damaged or does not have exactly `sizeBytes`
 */
export function decompressZstd(frame: Uint8Array, sizeBytes: number): Uint8Array | undefined {
  if (sizeBytes === 0) return undefined;
  try {
    // zstd never writes beyond memory of this size. On an error, zstddec uses the negative error number as the
    // size, so that the result is empty.
    const bytes = decoder.decode(frame, sizeBytes);
    return bytes.length === sizeBytes ? bytes : undefined;
  } catch {
    return undefined;
  }
}
