import type { Span } from '@sstitch/contract';
import type { EncodedOperation } from '../../src/store/writes.js';
import { KEYS, valueBytes } from './log-oracle.js';
import type { Random } from './random.js';

/** One to four keys, in order. */
export function randomKeys(random: Random): number[] {
  const keys = Array.from({ length: random.between(1, 4) }, () => random.between(0, KEYS - 1));
  return [...new Set(keys)].sort((a, b) => a - b);
}

/** The number of an operation under some keys, of which the first is put and the others may be deleted (0). */
export function randomEntries(random: Random, operation: number): Array<[number, number]> {
  return randomKeys(random).map((key, index) => [
    key,
    index === 0 || random.chance(0.7) ? operation : 0,
  ]);
}

export function operationsOf(
  entries: ReadonlyArray<readonly [key: number, operation: number]>,
): EncodedOperation[] {
  return entries.map(([key, value]) =>
    value === 0
      ? { type: 'del', key: Uint8Array.of(key) }
      : { type: 'put', key: Uint8Array.of(key), value: valueBytes(value) },
  );
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
