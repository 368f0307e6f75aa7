// Converts indexes of other writers. In LevelDB's indexes every entry is a restart point, so that entries can be decoded
// independently (table-index.ts). Other writers share key bytes between index entries, as in data blocks, which LevelDB
// reads too. Such an index is rewritten in memory as LevelDB would write it.

import { BlockBuilder } from '../block/block-builder.js';
import { BlockReader } from '../block/block-reader.js';
import { RestartCheck } from '../block/restart-check.js';
import { readFixed32 } from '../encoding/checksum.js';
import { TRAILER_BYTES } from '../encoding/internal-key.js';
import { VarintReader } from '../encoding/varint.js';
import { corrupt, SstError, type TableLocation } from '../errors.js';

/** The limit of a rewritten index's growth, so that a small index cannot claim keys of any total length. */
const MAX_GROWTH = 32;
const SMALL_INDEX_BYTES = 1024 * 1024;

/** Returns an index of which every entry is a restart point: the given bytes if it is one already. */
export function withEachEntryRestarted(contents: Uint8Array, at: TableLocation): Uint8Array {
  if (isFirstEntryAlone(contents)) return contents;
  const entries = new BlockReader(TRAILER_BYTES);
  entries.load(contents, at);
  const builder = new BlockBuilder(1);
  const most = Math.max(SMALL_INDEX_BYTES, MAX_GROWTH * contents.length);
  const restarts = new RestartCheck(entries, at);
  for (entries.seekToFirst(); entries.valid; entries.next()) {
    restarts.visit();
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
  restarts.finish();
  return builder.finish().slice();
}

/** Whether the first entry ends at the second restart point, or at the end of the entries. */
function isFirstEntryAlone(contents: Uint8Array): boolean {
  if (contents.length < 4) return true;
  const count = readFixed32(contents, contents.length - 4);
  // The block is malformed. TableIndex reports it.
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
