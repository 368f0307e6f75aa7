// Compares sets of keys that are read in different orders, without keeping or sorting them: the sum of the hashes of
// all keys of a set does not depend on their order.
//
// The hash of a key has two halves of 32 bits. Each is FNV-1a with an offset of its own, then the last steps of
// MurmurHash3, without which the sums of keys that differ in their last bytes would often be equal. The offsets are
// random, so that a pair of sets that escapes one comparison, which has a chance of 2^-64, does not escape the next.

const FNV_PRIME = 0x01000193;

/** Compares two sets of distinct keys; each key of the one is added, and each of the other subtracted. */
export class KeySum {
  readonly #skip: number;
  readonly #offsets = [randomWord(), randomWord()] as const;
  #count = 0;
  #low = 0;
  #high = 0;

  /** @param commonBytes - the length of the prefix that all keys share, which is not hashed. */
  constructor(commonBytes: number) {
    this.#skip = commonBytes;
  }

  /** Whether as many keys were subtracted as added, and their hashes have the same sum. */
  get isZero(): boolean {
    return this.#count === 0 && this.#low === 0 && this.#high === 0;
  }

  add(key: Uint8Array): void {
    this.#change(key, 1);
  }

  subtract(key: Uint8Array): void {
    this.#change(key, -1);
  }

  #change(key: Uint8Array, sign: 1 | -1): void {
    let [low, high] = this.#offsets;
    for (let at = this.#skip; at < key.length; at++) {
      const byte = key[at] as number;
      low = Math.imul(low ^ byte, FNV_PRIME);
      high = Math.imul(high ^ byte, FNV_PRIME);
    }
    this.#count += sign;
    this.#low = (this.#low + sign * mixed(low)) | 0;
    this.#high = (this.#high + sign * mixed(high)) | 0;
  }
}

/** Spreads every bit of a word over all of them, as MurmurHash3 does in its last steps. */
function mixed(word: number): number {
  let mix = word ^ (word >>> 16);
  mix = Math.imul(mix, 0x85ebca6b);
  mix ^= mix >>> 13;
  mix = Math.imul(mix, 0xc2b2ae35);
  return mix ^ (mix >>> 16);
}

function randomWord(): number {
  return Math.floor(Math.random() * 2 ** 32) | 0;
}
