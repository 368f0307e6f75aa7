// Decompresses zstd frames, by zstd itself as WebAssembly: Node has zstd only from 22.15 on.

import { ZSTDDecoder } from 'zstddec';

const decoder = new ZSTDDecoder();

/** Loads zstd, once a process. `decompressZstd` may be called afterwards. */
export function loadZstd(): Promise<void> {
  // Where there is a `fetch`, zstddec reads its WebAssembly, which it has as text, through it: Node then loads its
  // HTTP client, which takes 100 ms. zstddec looks for it before `init` returns, and nobody else meanwhile.
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
 * The contents of a frame.
 *
 * @returns undefined if the frame is damaged or does not have exactly `sizeBytes`
 */
export function decompressZstd(frame: Uint8Array, sizeBytes: number): Uint8Array | undefined {
  if (sizeBytes === 0) return undefined;
  try {
    // zstd writes into memory of this size and never beyond; zstddec gives an error's negative number
    // for the size, so that nothing is returned.
    const bytes = decoder.decode(frame, sizeBytes);
    return bytes.length === sizeBytes ? bytes : undefined;
  } catch {
    return undefined;
  }
}
