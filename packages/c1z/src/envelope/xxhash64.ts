// XXH64 of seed 0, by WebAssembly: what the index of a payload has of every file.
import xxhash from 'xxhash-wasm';

type Xxhash = Awaited<ReturnType<typeof xxhash>>;
let loaded: Xxhash | undefined;

/** Loads it, once a process. To be awaited before the functions of this file are called. */
export async function loadXxhash(): Promise<void> {
  loaded ??= await xxhash();
}

/** The hash of bytes that are all there. */
export function xxhash64(bytes: Uint8Array): bigint {
  return theXxhash().h64Raw(bytes);
}

/** Hashes bytes as they come. */
export function newXxhash64(): { update(bytes: Uint8Array): unknown; digest(): bigint } {
  return theXxhash().create64();
}

function theXxhash(): Xxhash {
  if (loaded === undefined) throw new Error('xxhash is not loaded');
  return loaded;
}
