// Random numbers, bytes and entries, which depend only on the seed.

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed | 0;
  }

  /** An integer from 0 to `below` - 1. */
  next(below) {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, below);
  }

  pick(items) {
    return items[this.next(items.length)];
  }

  bytes(length) {
    return Uint8Array.from({ length }, () => this.next(256));
  }
}

/** A random key, often short and similar to other keys; never empty, because Pebble writes no empty key. */
export function randomKey(random) {
  if (random.next(4) === 0) return random.bytes(1 + random.next(40));
  return Buffer.from(`key ${String(random.next(100_000)).padStart(6, '0')}`);
}

export function randomValue(random) {
  if (random.next(50) === 0) return random.bytes(random.next(100_000));
  if (random.next(2) === 0) return Buffer.alloc(random.next(200), random.next(256));
  return random.bytes(random.next(60));
}

/** At most `count` random entries, in key order. */
export function randomEntries(random, count) {
  const entries = new Map();
  for (let left = count; left > 0; left -= 1) {
    const key = randomKey(random);
    entries.set(Buffer.from(key).toString('hex'), { key, value: randomValue(random) });
  }
  return [...entries.values()].sort((a, b) => Buffer.compare(a.key, b.key));
}
