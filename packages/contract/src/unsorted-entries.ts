// Many entries in a few arrays. An object for each entry would cost several times as much, and arrays of shared
// memory pass to another thread without a copy.
//
//   entry `i`   from `ends[i - 1]` (0 for the first) to `ends[i]` of `bytes`: its key without the prefix that
//               all keys share, up to `keyEnds[i]`, then its value

/**
 * Entries that share a key prefix, in any order. Arrays that are not in shared memory are copied when they pass
 * to another thread.
 */
export interface UnsortedEntries {
  /** The prefix of every key. */
  readonly prefix: Uint8Array;
  /** Keys without the prefix, and values. The array may be longer than the entries need. */
  readonly bytes: Uint8Array;
  /** The offset in `bytes` at which each entry's key ends and its value begins. */
  readonly keyEnds: Uint32Array;
  /** The offset in `bytes` at which each entry ends and the next one begins. */
  readonly ends: Uint32Array;
  /** The number of entries; the arrays of offsets may be longer. */
  readonly count: number;
}
