// The index of a run: where its blocks are. It is kept in parts of at most 500 blocks, each a row:
//
//   format    1 byte: 1
//   blocks    varint: how many blocks the run has
//   first     varint: the number of the part's first block
//   count     varint: how many blocks the part has
//   each block:
//     chunk     varint: the block's chunk
//     length    varint: the block's stored length in bytes
//     key       its first user key
//   checksum  uint32 little-endian: masked CRC-32C of all bytes before
//
//   key:
//     shared    varint: how many leading bytes it shares with the key before it in the part; 0 for the first
//     unshared  varint
//     bytes     unshared
//
// The blocks of a chunk follow each other, and chunks ascend from 0 without gaps. The number of blocks and their
// lengths say whether a chunk that was read is whole.
import { maskedChecksum, VarintReader, varintBytes, writeVarint } from '@sstitch/sst/file-format';
import { ClusterError } from '../errors.js';

const FORMAT = 1;
const CHECKSUM_BYTES = 4;
const BLOCKS_PER_PART = 500;

/** A block, as the index has it. */
export interface IndexedBlock {
  readonly chunk: number;
  readonly lengthBytes: number;
  readonly firstKey: Uint8Array;
}

/** The memory of a block's numbers: the end of its key, and its length. */
const NUMBERS_BYTES = 8;

/**
 * The index of one run. Blocks are numbered from 0 over all chunks. Their keys lie in one array: with an object
 * for each block, an index would take ten times the bytes that are stored.
 */
export class RunIndex {
  readonly #keys: Buffer;
  /** Where the key of each block ends in `#keys`. */
  readonly #keyEnds: Uint32Array;
  readonly #lengths: Uint32Array;
  /** The number of the first block of each chunk, and last the number of blocks. */
  readonly #chunkStarts: readonly number[];

  constructor(blocks: readonly IndexedBlock[]) {
    this.#keys = Buffer.alloc(blocks.reduce((sum, { firstKey }) => sum + firstKey.length, 0));
    this.#keyEnds = new Uint32Array(blocks.length);
    this.#lengths = new Uint32Array(blocks.length);
    const starts: number[] = [];
    let end = 0;
    for (const [number, { chunk, lengthBytes, firstKey }] of blocks.entries()) {
      if (chunk === starts.length) starts.push(number);
      this.#keys.set(firstKey, end);
      end += firstKey.length;
      this.#keyEnds[number] = end;
      this.#lengths[number] = lengthBytes;
    }
    this.#chunkStarts = [...starts, blocks.length];
  }

  /** The memory that the index takes. */
  get memoryBytes(): number {
    return this.#keys.length + NUMBERS_BYTES * (this.blockCount + this.chunkCount);
  }

  get blockCount(): number {
    return this.#lengths.length;
  }

  get chunkCount(): number {
    return this.#chunkStarts.length - 1;
  }

  block(number: number): IndexedBlock {
    const lengthBytes = this.#lengths[number];
    if (lengthBytes === undefined) throw new RangeError(`the run has no block ${number}`);
    const chunk = firstAbove(this.chunkCount, (each) => this.chunkStart(each) > number) - 1;
    const firstKey = new Uint8Array(
      this.#keys.subarray(this.#keyStart(number), this.#keyEnds[number]),
    );
    return { chunk, lengthBytes, firstKey };
  }

  /** The number of a chunk's first block. */
  chunkStart(chunk: number): number {
    return this.#chunkStarts[chunk] ?? this.blockCount;
  }

  /** The last block whose first key is at or below `key`; -1 if all are above. Only it can hold the key. */
  blockOf(key: Uint8Array): number {
    return firstAbove(this.blockCount, (number) => this.#compareFirst(number, key) > 0) - 1;
  }

  /** The last block whose first key is below `key`; -1 if none is. */
  blockBelow(key: Uint8Array): number {
    return firstAbove(this.blockCount, (number) => this.#compareFirst(number, key) >= 0) - 1;
  }

  /** Compares a block's first key with a key. A view of it would take longer to make than to compare. */
  #compareFirst(number: number, key: Uint8Array): number {
    return this.#keys.compare(key, 0, key.length, this.#keyStart(number), this.#keyEnds[number]);
  }

  #keyStart(number: number): number {
    return this.#keyEnds[number - 1] ?? 0;
  }
}

/** The first of the numbers below `count` that is above, as all after it are; `count` if none is. */
function firstAbove(count: number, isAbove: (number: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAbove(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Encodes an index. */
export function encodeRunIndex(blocks: readonly IndexedBlock[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let first = 0; first < blocks.length; first += BLOCKS_PER_PART) {
    parts.push(encodePart(blocks.slice(first, first + BLOCKS_PER_PART), first, blocks.length));
  }
  return parts;
}

const NOTHING = new Uint8Array(0);

function encodePart(blocks: readonly IndexedBlock[], first: number, total: number): Uint8Array {
  const head = [total, first, blocks.length];
  let previous: Uint8Array = NOTHING;
  const rows = blocks.map(({ chunk, lengthBytes, firstKey }) => {
    const shared = sharedBytes(previous, firstKey);
    previous = firstKey;
    const numbers = [chunk, lengthBytes, shared, firstKey.length - shared];
    return { numbers, key: firstKey.subarray(shared) };
  });
  const numbersBytes = [head, ...rows.map(({ numbers }) => numbers)]
    .flat()
    .reduce((sum, number) => sum + varintBytes(number), 0);
  const keyBytes = rows.reduce((sum, { key }) => sum + key.length, 0);

  const part = new Uint8Array(1 + numbersBytes + keyBytes + CHECKSUM_BYTES);
  part[0] = FORMAT;
  let at = 1;
  for (const number of head) at = writeVarint(part, at, number);
  for (const { numbers, key } of rows) {
    for (const number of numbers) at = writeVarint(part, at, number);
    part.set(key, at);
    at += key.length;
  }
  new DataView(part.buffer).setUint32(at, maskedChecksum(part.subarray(0, at)), true);
  return part;
}

function sharedBytes(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a[shared] === b[shared]) shared += 1;
  return shared;
}

/**
 * Decodes the index of a run. Returns undefined if parts are missing.
 *
 * @param place which run it is of, for the message
 * @throws ClusterError SSTITCH_CLUSTER_CORRUPT
 */
export function decodeRunIndex(parts: readonly Uint8Array[], place: string): RunIndex | undefined {
  const blocks: IndexedBlock[] = [];
  let total = -1;
  for (const bytes of parts) {
    const part = new PartReader(bytes, place);
    total = part.number();
    if (part.number() !== blocks.length) return undefined;
    const count = part.number();
    for (let read = 0; read < count; read += 1) {
      const chunk = part.number();
      const lastChunk = blocks.at(-1)?.chunk ?? -1;
      if (chunk !== lastChunk && chunk !== lastChunk + 1) throw part.fault('its chunks have gaps');
      blocks.push({ chunk, lengthBytes: part.number(), firstKey: part.key() });
    }
    part.end();
  }
  return blocks.length === total && total > 0 ? new RunIndex(blocks) : undefined;
}

/** Reads one part. It does not trust the bytes. */
class PartReader {
  readonly #bytes: Uint8Array;
  readonly #place: string;
  readonly #limit: number;
  readonly #varints = new VarintReader();
  #lastKey: Uint8Array = NOTHING;

  constructor(bytes: Uint8Array, place: string) {
    this.#bytes = bytes;
    this.#place = place;
    this.#limit = bytes.length - CHECKSUM_BYTES;
    if (this.#limit < 1) throw this.fault('it is truncated');
    const checksum = new DataView(bytes.buffer, bytes.byteOffset + this.#limit).getUint32(0, true);
    if (checksum !== maskedChecksum(bytes.subarray(0, this.#limit))) {
      throw this.fault('it does not match its checksum');
    }
    if (bytes[0] !== FORMAT) {
      throw this.fault(`its format is ${bytes[0]}, which this version cannot read`);
    }
    this.#varints.position = 1;
  }

  number(): number {
    const number = this.#varints.read32(this.#bytes, this.#limit);
    if (number < 0) throw this.fault('a number is not valid');
    return number;
  }

  key(): Uint8Array {
    const shared = this.number();
    const unshared = this.number();
    const at = this.#varints.position;
    if (shared > this.#lastKey.length || at + unshared > this.#limit) {
      throw this.fault('a key is not valid');
    }
    const key = new Uint8Array(shared + unshared);
    key.set(this.#lastKey.subarray(0, shared));
    key.set(this.#bytes.subarray(at, at + unshared), shared);
    this.#varints.position = at + unshared;
    this.#lastKey = key;
    return key;
  }

  end(): void {
    if (this.#varints.position !== this.#limit) throw this.fault('it has bytes too many');
  }

  fault(problem: string): ClusterError {
    return new ClusterError(
      'SSTITCH_CLUSTER_CORRUPT',
      `the index of ${this.#place} is damaged: ${problem}`,
    );
  }
}
