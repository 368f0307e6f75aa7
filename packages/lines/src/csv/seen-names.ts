// Which things a sheet has named so far, and by what names. There may be millions: of each, 24 bytes are kept.
//
//   slot := 4 words of the hash of what it is, 2 words of the hash of how it was named    a slot of zeros is free
//
// Invariants: at most `MAX_LOAD` of the slots are taken; a thing's slot is the first free one from its hash on.
import { createHash } from 'node:crypto';

const SLOT_WORDS = 6;
const KEY_WORDS = 4;
const FIRST_SLOTS = 1024;
const MAX_LOAD = 0.7;

/** Whether a thing was there before, and under the same names. */
export type Seen = 'new' | 'same' | 'different';

/** Remembers things and their names. Two of 128 bits of SHA-256 are never the same. */
export class SeenNames {
  #slots = new Uint32Array(SLOT_WORDS * FIRST_SLOTS);
  #count = 0;

  /** How many things there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds a thing if it is new. */
  add(key: readonly string[], names: readonly string[]): Seen {
    if (this.#count >= MAX_LOAD * this.#slotCount) this.#grow();
    const hash = wordsOf(key);
    // A slot of zeros is free.
    if (hash[0] === 0) hash[0] = 1;
    const nameHash = wordsOf(names);
    const slot = this.#slotOf(hash);
    const start = slot * SLOT_WORDS;
    const [first, second] = [nameHash[0] ?? 0, nameHash[1] ?? 0];
    if (this.#slots[start] !== 0) {
      const at = start + KEY_WORDS;
      return this.#slots[at] === first && this.#slots[at + 1] === second ? 'same' : 'different';
    }
    this.#slots.set(hash, start);
    this.#slots[start + KEY_WORDS] = first;
    this.#slots[start + KEY_WORDS + 1] = second;
    this.#count += 1;
    return 'new';
  }

  get #slotCount(): number {
    return this.#slots.length / SLOT_WORDS;
  }

  /** The slot of a hash, or the free one where it belongs. */
  #slotOf(hash: Uint32Array): number {
    const slots = this.#slots;
    const count = this.#slotCount;
    for (let slot = (hash[0] ?? 0) % count; ; slot = (slot + 1) % count) {
      const start = slot * SLOT_WORDS;
      if (slots[start] === 0) return slot;
      let word = 0;
      while (word < KEY_WORDS && slots[start + word] === hash[word]) word += 1;
      if (word === KEY_WORDS) return slot;
    }
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    for (let start = 0; start < before.length; start += SLOT_WORDS) {
      if (before[start] === 0) continue;
      const slot = before.subarray(start, start + SLOT_WORDS);
      this.#slots.set(slot, this.#slotOf(slot.subarray(0, KEY_WORDS)) * SLOT_WORDS);
    }
  }
}

function wordsOf(texts: readonly string[]): Uint32Array {
  const digest = createHash('sha256').update(JSON.stringify(texts)).digest();
  const words = new Uint32Array(KEY_WORDS);
  for (let word = 0; word < KEY_WORDS; word++) words[word] = digest.readUInt32LE(4 * word);
  return words;
}
