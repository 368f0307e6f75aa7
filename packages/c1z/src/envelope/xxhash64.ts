// XXH64 with seed 0 as WebAssembly. The index of a payload has the hash of every file.
import xxhash from 'xxhash-wasm';

type Xxhash = Awaited<ReturnType<typeof xxhash>>;
let loaded: Xxhash | undefined;

/** Loads the hash, once in a process. Must fulfil before any other function of this file is called. */
export async function loadXxhash(): Promise<void> {
  loaded ??= await xxhash();
}

/** Hashes bytes at once. */
export function xxhash64(bytes: Uint8Array): bigint {
  return theXxhash().h64Raw(bytes);
}

/** Hashes bytes incrementally. */
export function newXxhash64(): { update(bytes: Uint8Array): unknown; digest(): bigint } {
  return theXxhash().create64();
}

function theXxhash(): Xxhash {
  if (loaded === undefined) throw new Error('xxhash is not loaded');
  return loaded;
}
