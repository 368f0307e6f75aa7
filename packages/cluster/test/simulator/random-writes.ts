import type { Span } from '@sstitch/contract';
import { KEYS } from './log-oracle.js';
import type { Random } from './random.js';

/** One to four keys, in order. */
export function randomKeys(random: Random): number[] {
  const keys = Array.from({ length: random.between(1, 4) }, () => random.between(0, KEYS - 1));
  return [...new Set(keys)].sort((a, b) => a - b);
}

/** A span of at least one key, possibly without an end. */
export function randomSpan(random: Random): Span {
  const start = random.between(0, KEYS - 1);
  const end = random.chance(0.2) ? undefined : random.between(start + 1, KEYS);
  return {
    start: Uint8Array.of(start),
    end: end === undefined ? undefined : Uint8Array.of(end),
  };
}
