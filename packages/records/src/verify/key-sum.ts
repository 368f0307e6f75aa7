// Compares sets of keys that are read in different orders, without keeping or sorting them: the sum of the hashes of
// all keys of a set does not depend on their order.
//
// A hash has two halves of 32 bits. Each takes in a byte as FxHash of rustc does, with a multiplier and a rotation of its
// own; MurmurHash3's last step then spreads both over both, without which sums of keys that differ in their last bytes
// would often be equal. The halves start with random numbers: a difference that escapes one comparison does not escape
// the next. No attacker is assumed: for keys that do not depend on the hash, a difference escapes with a chance of about
// 2^-64.

const LOW = { multiplier: 0x9e3779b1, rotation: 5 } as const;
const HIGH = { multiplier: 0x5f356495, rotation: 11 } as const;

/** Compares two sets of distinct keys; each key of the one is added, and each of the other subtracted. */
export class KeySum {
  readonly #skip: number;
  readonly #starts = [randomWord(), randomWord()] as const;
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
    let [low, high] = this.#starts;
    for (let at = this.#skip; at < key.length; at++) {
      const byte = key[at] as number;
      low = Math.imul(rotated(low, LOW.rotation) ^ byte, LOW.multiplier);
      high = Math.imul(rotated(high, HIGH.rotation) ^ byte, HIGH.multiplier);
    }
    low = mixed(low ^ mixed(high));
    high = mixed(high ^ low);
    this.#count += sign;
    this.#low = (this.#low + sign * low) | 0;
    this.#high = (this.#high + sign * high) | 0;
  }
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Spreads every bit of a word over all of them, as MurmurHash3 does in its last steps; no two words become one. */
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
