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
/** The limit of a rewritten index, as a small file can hold a large index. */
const MAX_REWRITTEN_BYTES = 256 * 1024 * 1024;

/** Returns an index of which every entry is a restart point: the given bytes if it is one already. */
export function withEachEntryRestarted(contents: Uint8Array, at: TableLocation): Uint8Array {
  if (isFirstEntryAlone(contents)) return contents;
  const entries = new BlockReader(TRAILER_BYTES);
  entries.load(contents, at);
  checkEntries(entries, contents.length, at);
  const builder = new BlockBuilder(1);
  for (entries.seekToFirst(); entries.valid; entries.next()) {
    const { keyBytes, keyLength, data, valueStart, valueEnd } = entries;
    try {
      const shared = builder.sharedWithLast(keyBytes, keyLength);
      builder.append(keyBytes, keyLength, shared, data, valueStart, valueEnd);
    } catch (error) {
      if (!(error instanceof SstError)) throw error;
      throw corrupt(`the index is out of order: ${error.message}`, at);
    }
  }
  return builder.finish().slice();
}

/** Checks restart points and total length of the entries, before memory is allocated for them. */
function checkEntries(entries: BlockReader, size: number, at: TableLocation): void {
  const most = Math.min(MAX_REWRITTEN_BYTES, Math.max(SMALL_INDEX_BYTES, MAX_GROWTH * size));
  const restarts = new RestartCheck(entries, at);
  let bytes = 0;
  for (entries.seekToFirst(); entries.valid; entries.next()) {
    restarts.visit();
    bytes += entries.keyLength + entries.valueEnd - entries.valueStart;
    if (bytes > most) {
      const problem = `the index of ${size} bytes claims entries of more than ${most} bytes`;
      throw new SstError('SSTITCH_TABLE_UNSUPPORTED', problem, at);
    }
  }
  restarts.finish();
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
