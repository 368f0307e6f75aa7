// Packs entries for a `TableLoader` into shared memory.
import { describeValue, isBytes, type UnsortedEntries } from '@sstitch/contract';
import { EngineError } from '../errors.js';
import { notBytes } from '../not-bytes.js';
import { EntryArena } from './entry-arena.js';

/**
 * Packs entries that share a prefix into shared memory for `TableLoader.add`, which sends them to a thread without a
 * copy. {@link UnsortedEntries} describes the layout: a decoder can write it directly, without an object for each entry.
 *
 * @param prefix bytes or a string that every key begins with; may be empty
 * @param entries full keys, including the prefix, with their values, in any order. Strings are encoded as UTF-8
 * @throws EngineError SSTITCH_ENTRIES_INVALID for an invalid entry, a key without the prefix, or more than 4 GiB
 */
export function unsortedEntries(
  prefix: string | Uint8Array,
  entries: Iterable<readonly [key: string | Uint8Array, value: string | Uint8Array]>,
): UnsortedEntries {
  const shared = bytesOf('prefix', prefix);
  if (typeof (entries as Partial<typeof entries> | null)?.[Symbol.iterator] !== 'function') {
    throw invalid(`entries must be an iterable of [key, value], not ${describeValue(entries)}`);
  }
  const arena = new EntryArena(shared);
  let index = 0;
  for (const entry of entries) {
    const place = `entry ${index++}: `;
    if (!Array.isArray(entry) || entry.length !== 2) {
      throw invalid(`${place}an entry must be [key, value], not ${describeValue(entry)}`);
    }
    const key = bytesOf('key', entry[0], place);
    const value = bytesOf('value', entry[1], place);
    if (!shared.every((byte, at) => key[at] === byte)) {
      throw invalid(`${place}the key does not begin with the prefix`);
    }
    arena.add(key.subarray(shared.byteLength), value);
  }
  return arena.entries();
}

function bytesOf(what: string, given: unknown, place = ''): Uint8Array {
  if (typeof given === 'string') return Buffer.from(given);
  if (isBytes(given)) return given;
  throw invalid(`${place}${notBytes(what, given)}`);
}

function invalid(message: string): EngineError {
  return new EngineError('SSTITCH_ENTRIES_INVALID', message);
}
