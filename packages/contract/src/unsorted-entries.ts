// Many entries in few arrays: an object for each would cost several times as much, and arrays of shared memory
// go to another thread without a copy.
//
//   entry `i`   from `ends[i - 1]` (0 for the first) to `ends[i]` of `bytes`: its key without the prefix that
//               all keys share, up to `keyEnds[i]`, then its value

/** Entries that share a key prefix, in any order; in shared memory, or they are copied between threads. */
export interface UnsortedEntries {
  /** What every key begins with. */
  readonly prefix: Uint8Array;
  /** Keys without the prefix, and values; may be longer than what is in use. */
  readonly bytes: Uint8Array;
  readonly keyEnds: Uint32Array;
  readonly ends: Uint32Array;
  readonly count: number;
}
