// LevelDB makes each entry of an index a restart point, so that an entry is found and read where it stands
// (table-index.ts). Other writers share key bytes between index entries, as in data blocks, which LevelDB reads
// too: such an index is laid out anew, in memory, as LevelDB would have written it.

import { BlockBuilder } from './block-builder.js';
import { BlockReader } from './block-reader.js';
import { readFixed32 } from './checksum.js';
import { corrupt, SstError, type TableLocation } from './errors.js';
import { TRAILER_BYTES } from './internal-key.js';
import { VarintReader } from './varint.js';

/** Keys may share bytes: a small index must not claim keys of any total length. */
const MAX_GROWTH = 32;
const SMALL_INDEX_BYTES = 1024 * 1024;

/** Gives an index of which each entry is a restart point: the same bytes where it is one already. */
export function withEachEntryRestarted(contents: Uint8Array, at: TableLocation): Uint8Array {
  if (isFirstEntryAlone(contents)) return contents;
  const entries = new BlockReader(TRAILER_BYTES);
  entries.load(contents, at);
  const builder = new BlockBuilder(1);
  const most = Math.max(SMALL_INDEX_BYTES, MAX_GROWTH * contents.length);
  let restart = 0;
  for (entries.seekToFirst(); entries.valid; entries.next()) {
    // LevelDB finds entries by these: each must lead to one, whole, in order.
    const isRestart =
      restart < entries.restartCount && entries.restartPoint(restart) === entries.entryStart;
    if (isRestart && entries.sharedBytes === 0) restart += 1;
    const { keyBytes, keyLength, data, valueStart, valueEnd } = entries;
    if (builder.sizeBytes + keyLength > most) {
      const problem = `the index of ${contents.length} bytes claims keys of more than ${most} bytes`;
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, at);
    }
    try {
      const shared = builder.sharedWithLast(keyBytes, keyLength);
      builder.append(keyBytes, keyLength, shared, data, valueStart, valueEnd);
    } catch (error) {
      if (!(error instanceof SstError)) throw error;
      throw corrupt(`the index is out of order: ${error.message}`, at);
    }
  }
  if (restart !== entries.restartCount) {
    throw corrupt(`restart point ${restart} of the index does not lead to a whole entry`, at);
  }
  return builder.finish().slice();
}

/** Whether the first entry ends where the second restart point is, or the entries end. */
function isFirstEntryAlone(contents: Uint8Array): boolean {
  if (contents.length < 4) return true;
  const count = readFixed32(contents, contents.length - 4);
  // No index of entries: whoever reads it says so.
  if (count === 0 || count > (contents.length - 4) / 4) return true;
  const entriesEnd = contents.length - 4 - 4 * count;
  const varints = new VarintReader();
  const shared = varints.read32(contents, entriesEnd);
  const unshared = shared < 0 ? -1 : varints.read32(contents, entriesEnd);
  const valueLength = unshared < 0 ? -1 : varints.read32(contents, entriesEnd);
  if (valueLength < 0) return true;
  const end = varints.position + unshared + valueLength;
  return end >= entriesEnd || (count > 1 && end === readFixed32(contents, entriesEnd + 4));
}
