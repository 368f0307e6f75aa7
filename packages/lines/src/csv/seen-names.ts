// Remembers which records a sheet has named so far, and under which names. There may be millions, so it keeps
// 24 bytes for each.
//
//   slot := 4 words of the hash of the record's key, 2 words of the hash of its names
//
// A slot whose first word is 0 is free. The hashes are XXH64 with random seeds, so that no one can craft a file in
// which two records have the same hash.
//
// Invariants: at most `MAX_LOAD` of the slots are taken; a record's slot was the first free one from its hash on.
import { getRandomValues } from 'node:crypto';
import createHasher, { type XXHashAPI } from 'xxhash-wasm';

const SLOT_WORDS = 6;
const KEY_WORDS = 4;
const FIRST_SLOTS = 1024;
const MAX_LOAD = 0.7;

/** Whether a record was named before, and by the same names. */
export type Seen = 'new' | 'same' | 'different';

/** A set of records with their names. */
export class SeenNames {
  readonly #hash: XXHashAPI['h64'];
  readonly #seeds = getRandomValues(new BigUint64Array(3));
  #slots = new Uint32Array(SLOT_WORDS * FIRST_SLOTS);
  #count = 0;

  private constructor(hash: XXHashAPI['h64']) {
    this.#hash = hash;
  }

  static async create(): Promise<SeenNames> {
    return new SeenNames((await createHasher()).h64);
  }

  /** How many records there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds a record if it is new. */
  add(key: readonly string[], names: readonly string[]): Seen {
    if (this.#count >= MAX_LOAD * this.#slotCount) this.#grow();
    const words = this.#wordsOf(JSON.stringify(key), JSON.stringify(names));
    const start = this.#slotOf(words) * SLOT_WORDS;
    if (this.#slots[start] === 0) {
      this.#slots.set(words, start);
      this.#count += 1;
      return 'new';
    }
    for (let word = KEY_WORDS; word < SLOT_WORDS; word++) {
      if (this.#slots[start + word] !== words[word]) return 'different';
    }
    return 'same';
  }

  get #slotCount(): number {
    return this.#slots.length / SLOT_WORDS;
  }

  /** The words of a record's slot. */
  #wordsOf(key: string, names: string): Uint32Array {
    const [first, second, third] = this.#seeds;
    const words = new BigUint64Array(SLOT_WORDS / 2);
    words[0] = this.#hash(key, first);
    words[1] = this.#hash(key, second);
    words[2] = this.#hash(names, third);
    const slot = new Uint32Array(words.buffer);
    // 0 marks a free slot.
    if (slot[0] === 0) slot[0] = 1;
    return slot;
  }

  /** The index of a record's slot or, if there is none, of the free slot for it. */
  #slotOf(words: Uint32Array): number {
    const slots = this.#slots;
    const count = this.#slotCount;
    for (let slot = (words[0] ?? 0) % count; ; slot = (slot + 1) % count) {
      const start = slot * SLOT_WORDS;
      if (slots[start] === 0) return slot;
      let word = 0;
      while (word < KEY_WORDS && slots[start + word] === words[word]) word += 1;
      if (word === KEY_WORDS) return slot;
    }
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    for (let start = 0; start < before.length; start += SLOT_WORDS) {
      if (before[start] === 0) continue;
      const slot = before.subarray(start, start + SLOT_WORDS);
      this.#slots.set(slot, this.#slotOf(slot) * SLOT_WORDS);
    }
  }
}
