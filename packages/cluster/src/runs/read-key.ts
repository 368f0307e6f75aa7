// What a state holds under a key: the newest of the memtable's entry and those of level 0 above the piece's version,
// else what the piece's run holds (state/state.ts).
import { compareBytes } from '@sstitch/contract';
import { memtableEntryOf } from '../state/memtable.js';
import { pieceOf } from '../state/pieces.js';
import type { MemtableEntry, State } from '../state/state.js';
import type { FoundEntry } from './block.js';
import type { RunReader } from './run-reader.js';

/** How many keys of one call are looked up at a time. */
const KEYS_AT_ONCE = 64;

/**
 * Returns a key's value, or undefined if the state has none. The value may be a view of a cached block.
 *
 * @throws ClusterError SSTITCH_VIEW_GONE, SSTITCH_CLUSTER_CORRUPT, SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_LEASE_LOST
 */
export async function readKey(
  reader: RunReader,
  state: State,
  key: Uint8Array,
): Promise<Uint8Array | undefined> {
  const piece = pieceOf(state.pieces, key);
  const written = memtableEntryOf(state.memtable, key);
  let version = piece.version;
  if (written !== undefined && written.version > version) {
    // A run of level 0 can be newer: a large batch, as the memtable is flushed later.
    version = written.version;
  }
  const above = state.levelZero.filter((each) => each.version > version);
  const isWritten = version > piece.version;
  // All at once, as each takes a round trip.
  const [inPiece, ...inLevelZero] = await Promise.all([
    isWritten || piece.run === undefined ? undefined : reader.find(piece.run, key),
    ...above.map(({ run }) => reader.find(run, key)),
  ]);
  let newest: FoundEntry | undefined = isWritten ? toFound(written) : inPiece;
  for (const [index, found] of inLevelZero.entries()) {
    if (found === undefined) continue;
    const own = found.sequence === 0 ? (above[index]?.version ?? 0) : found.sequence;
    if (own <= version) continue;
    version = own;
    newest = found;
  }
  return newest?.value;
}

function toFound(entry: MemtableEntry | undefined): FoundEntry | undefined {
  return entry === undefined ? undefined : { value: entry.value, sequence: entry.version };
}

/**
 * Reads the values of keys and returns the results of `take` for them, in the order of the keys. Keys of one block
 * share its read.
 *
 * @param take converts a value, which may be a view of a cached block. A result that is a view keeps its block
 * @throws as `readKey`
 */
export async function readKeys<T>(
  reader: RunReader,
  state: State,
  keys: readonly Uint8Array[],
  take: (value: Uint8Array | undefined) => T,
): Promise<T[]> {
  const taken = new Array<T>(keys.length);
  // In key order, so that the keys of a block are looked up while the block is cached.
  const order = [...keys.keys()].sort((a, b) => compareBytes(keyAt(keys, a), keyAt(keys, b)));
  for (let from = 0; from < order.length; from += KEYS_AT_ONCE) {
    const some = order.slice(from, from + KEYS_AT_ONCE);
    const read = await Promise.all(
      some.map(async (at) => take(await readKey(reader, state, keyAt(keys, at)))),
    );
    for (const [index, at] of some.entries()) taken[at] = read[index] as T;
  }
  return taken;
}

function keyAt(keys: readonly Uint8Array[], at: number): Uint8Array {
  return keys[at] as Uint8Array;
}
