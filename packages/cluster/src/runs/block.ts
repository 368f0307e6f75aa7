// A block of a run, in the form in which a LevelDB table stores a data block:
//
//   contents   entries in key order, prefix-compressed; block-builder.ts of @sstitch/sst has the layout
//   type       1 byte: 0, not compressed
//   checksum   uint32 little-endian: masked CRC-32C of contents and type
//
// The key of an entry is an internal key:
//
//   user key   bytes
//   trailer    8 bytes, little-endian: sequence << 8 | type; type 1 is a value, 0 a tombstone
//
// A run has each user key once. Sequence 0 means "the version of the run" (state/state.ts).
import { compareBytes, type Span } from '@sstitch/contract';
import {
  BlockBuilder,
  BlockReader,
  maskedChecksum,
  seekKeyOf,
  sequenceNumberOf,
  TRAILER_BYTES,
} from '@sstitch/sst/file-format';
import { ClusterError } from '../errors.js';
import { MAX_BLOCK_BYTES } from '../port.js';

const RESTART_INTERVAL = 16;
const TYPE_RAW = 0;
const CHECKSUM_BYTES = 4;
/** The bytes after the contents. */
const END_BYTES = 1 + CHECKSUM_BYTES;
const DELETION = 0;
const VALUE = 1;
/** Lengths, the restart point, their number, the trailer and the end of a block with one entry. */
const SINGLE_ENTRY_OVERHEAD_BYTES = 15 + 8 + TRAILER_BYTES + END_BYTES;

/** The most bytes of a key and its value. */
export const MAX_ENTRY_BYTES = MAX_BLOCK_BYTES - SINGLE_ENTRY_OVERHEAD_BYTES;

/** An entry of a run. */
export interface RunEntry {
  readonly key: Uint8Array;
  /** Undefined for a tombstone. */
  readonly value: Uint8Array | undefined;
  /** The entry's version, or 0 for the version of the run. */
  readonly sequence: number;
}

/** The size that an entry may add to a block. */
export function entryBytes({ key, value }: RunEntry): number {
  return key.length + (value?.length ?? 0) + SINGLE_ENTRY_OVERHEAD_BYTES;
}

/** Builds the blocks of one run, one after another. */
export class BlockWriter {
  readonly #builder = new BlockBuilder(RESTART_INTERVAL);
  #key = new Uint8Array(256);
  #entries = 0;

  /** The size of the block that `finish` would return now. */
  get sizeBytes(): number {
    return this.#builder.sizeBytes + END_BYTES;
  }

  get isEmpty(): boolean {
    return this.#entries === 0;
  }

  /** A copy of the last key that was added. */
  get lastKey(): Uint8Array {
    return this.#builder.lastKey.slice(0, this.#builder.lastKeyLength - TRAILER_BYTES);
  }

  /** Adds an entry. @throws SstError `SSTITCH_TABLE_ORDER` if its key is not above the last one, even of another block */
  add({ key, value, sequence }: RunEntry): void {
    const length = key.length + TRAILER_BYTES;
    if (length > this.#key.length) this.#key = new Uint8Array(2 * length);
    this.#key.set(key);
    writeTrailer(this.#key, key.length, sequence, value === undefined ? DELETION : VALUE);
    const shared = this.#builder.sharedWithLast(this.#key, length);
    const bytes = value ?? NOTHING;
    this.#builder.append(this.#key, length, shared, bytes, 0, bytes.length);
    this.#entries += 1;
  }

  /** Ends the block and starts the next one. */
  finish(): Uint8Array {
    const contents = this.#builder.finish();
    const stored = new Uint8Array(contents.length + END_BYTES);
    stored.set(contents);
    stored[contents.length] = TYPE_RAW;
    const checksum = maskedChecksum(stored.subarray(0, contents.length + 1));
    viewOf(stored).setUint32(contents.length + 1, checksum, true);
    this.#builder.reset();
    this.#entries = 0;
    return stored;
  }
}

const NOTHING = new Uint8Array(0);

function writeTrailer(target: Uint8Array, at: number, sequence: number, type: number): void {
  target[at] = type;
  let rest = sequence;
  for (let byte = 1; byte < TRAILER_BYTES; byte += 1) {
    target[at + byte] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/**
 * Checks a stored block. Returns its contents, without copying them.
 *
 * @param place where the block is, for the message
 * @throws ClusterError SSTITCH_CLUSTER_CORRUPT
 */
export function contentsOfBlock(stored: Uint8Array, place: string): Uint8Array {
  const end = stored.length - END_BYTES;
  if (end < 0) throw corrupt(`${place} has only ${stored.length} bytes`);
  const checksum = viewOf(stored).getUint32(end + 1, true);
  if (checksum !== maskedChecksum(stored.subarray(0, end + 1))) {
    throw corrupt(`${place} does not match its checksum`);
  }
  if (stored[end] !== TYPE_RAW) {
    throw corrupt(`${place} is of type ${stored[end]}, which this version cannot read`);
  }
  return stored.subarray(0, end);
}

/** What a block holds under a key. */
export type FoundEntry = Pick<RunEntry, 'value' | 'sequence'>;

const EVERYTHING: Span = { start: NOTHING, end: undefined };

// One reader serves every block: nothing below awaits while it is in use.
const reader = new BlockReader(TRAILER_BYTES);

/**
 * Looks a key up. The value is a view of the contents.
 *
 * @throws ClusterError SSTITCH_CLUSTER_CORRUPT
 */
export function findInBlock(contents: Uint8Array, key: Uint8Array): FoundEntry | undefined {
  return reading(() => {
    reader.load(contents, {});
    const target = seekKeyOf(key);
    reader.seek(target, target.length);
    if (!reader.valid || !isKey(key)) return undefined;
    return { value: currentValue(), sequence: currentSequence() };
  });
}

/**
 * The entries of a block that lie in a span, in order. Keys are copies, values are views of the contents.
 *
 * @throws ClusterError SSTITCH_CLUSTER_CORRUPT
 */
export function entriesOfBlock(
  contents: Uint8Array,
  { start, end }: Span = EVERYTHING,
): RunEntry[] {
  return reading(() => {
    const entries: RunEntry[] = [];
    reader.load(contents, {});
    reader.seekToLast();
    const isCut = end !== undefined && reader.valid && compareBytes(currentKey(), end) >= 0;
    if (start.length === 0) {
      reader.seekToFirst();
    } else {
      const target = seekKeyOf(start);
      reader.seek(target, target.length);
    }
    for (; reader.valid; reader.next()) {
      const key = currentKey().slice();
      if (isCut && compareBytes(key, end) >= 0) break;
      entries.push({ key, value: currentValue(), sequence: currentSequence() });
    }
    return entries;
  });
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause;
    throw new ClusterError('SSTITCH_CLUSTER_CORRUPT', 'a block of a run is damaged', { cause });
  } finally {
    reader.unload();
  }
}

function isKey(key: Uint8Array): boolean {
  if (reader.keyLength !== key.length + TRAILER_BYTES) return false;
  for (let at = key.length - 1; at >= 0; at -= 1) {
    if (reader.keyBytes[at] !== key[at]) return false;
  }
  return true;
}

/** Valid until the reader moves. */
function currentKey(): Uint8Array {
  return reader.keyBytes.subarray(0, reader.keyLength - TRAILER_BYTES);
}

function currentSequence(): number {
  return sequenceNumberOf(reader.keyBytes, reader.keyLength);
}

function currentValue(): Uint8Array | undefined {
  const type = reader.keyBytes[reader.keyLength - TRAILER_BYTES];
  if (type === DELETION) return undefined;
  if (type === VALUE) return reader.data.subarray(reader.valueStart, reader.valueEnd);
  throw corrupt(`an entry is of type ${type}, which this version cannot read`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function corrupt(message: string): ClusterError {
  return new ClusterError('SSTITCH_CLUSTER_CORRUPT', message);
}
