// Reads the records of a log: a MANIFEST or a WAL (Pebble's record package).
//
// A log is a sequence of blocks of 32,768 bytes. A record is one chunk or several; no chunk crosses a block.
//
//   checksum     uint32: masked CRC-32C of everything after the length
//   length       uint16: of the payload
//   type         1 byte
//   log number   uint32, types 5 to 12: the low 32 bits of the file's number
//   sync offset  uint64, types 9 to 12
//   payload
//
//   types 1 to 4    full, first, middle, last: LevelDB's, and Pebble's MANIFEST
//   types 5 to 8    the same, recyclable: a new log may overwrite the bytes of an old one
//   types 9 to 12   the same, with the offset up to which the log was fsynced when the chunk was written
//
// Zeros fill the end of a block that has no room for a header: 7 bytes, up to 19 where the writer makes
// types 9 to 12. A header of zeros anywhere else ends the log, as its file may be longer. A log whose chunks
// have its number ends as well with anything that does not have it: bytes of the old log, from the middle of
// a chunk on or not. A log that its writer closed ends with a chunk of the next number, or with its file: checksum and
// length 0, type 5, number + 1. Bytes at the end of a file that are too few for a header are the end of such a chunk of
// an older log, or a torn end: Pebble takes them for the end of the log in either case.
//
// Any other incomplete chunk is a torn end, which a crash or damage leaves.
//
// A whole chunk of this log after an end of any of these kinds means damage.

import { maskedChecksum } from '@sstitch/sst/file-format';
import { readUint16, readUint32 } from '../encoding/fixed-numbers.js';
import { corrupt, type Location, type PebbleError, tooLarge } from '../errors.js';
import type { InputFile } from '../input-file.js';

export const LOG_BLOCK_BYTES = 32 * 1024;
const MIN_HEADER_BYTES = 7;
const MAX_HEADER_BYTES = 19;
const FIRST_NAMED_TYPE = 5;
const MAX_CHUNK_TYPE = 12;
const FULL = 1;
const FIRST = 2;
const LAST = 4;

export interface LogOptions {
  /** The file's number; undefined for a MANIFEST, whose chunks have no log number. */
  readonly logNumber: number | undefined;
  /** What to do at a torn end; `damage` reports it as damage, for a log that its writer has closed. */
  readonly tornEnd: 'damage' | 'refuse' | 'end';
  /** The option `maxLogBytes`, which bounds each record of a WAL; undefined for a MANIFEST, whose file has a limit. */
  readonly maxLogBytes?: number;
}

export interface LogRecord {
  readonly bytes: Uint8Array;
  /** The offset of its first chunk. */
  readonly offset: number;
}

interface Chunk {
  /** 1 full, 2 first, 3 middle, 4 last. */
  readonly position: number;
  readonly payload: Uint8Array;
  readonly offset: number;
}

/** Why a chunk cannot be read. */
interface Fault {
  readonly problem: string;
  readonly offset: number;
}

/**
 * Yields the records of a log in order.
 *
 * @throws PebbleError `SSTITCH_PEBBLE_CORRUPT` for damage and, unless `tornEnd` is `end`, for a torn end;
 * `SSTITCH_PEBBLE_TOO_LARGE` for a record above the limit
 */
export function* readLog(file: InputFile, options: LogOptions): Generator<LogRecord, void> {
  const { maxLogBytes = Number.POSITIVE_INFINITY } = options;
  const chunks = new ChunkReader(file, options.logNumber);
  const record = new RecordBuffer();
  let start = -1;
  for (;;) {
    const chunk = chunks.next();
    if (chunk === undefined) break;
    const begins = chunk.position === FULL || chunk.position === FIRST;
    if (begins !== start < 0) {
      const problem = begins ? 'a record begins inside another' : 'a record has no first chunk';
      throw corrupt(`${problem}: the log is damaged`, { path: file.path, offset: chunk.offset });
    }
    if (chunk.position === FULL) {
      yield { bytes: chunk.payload, offset: chunk.offset };
      continue;
    }
    if (begins) start = chunk.offset;
    const recordBytes = record.append(chunk.payload);
    if (recordBytes > maxLogBytes) {
      const at = { path: file.path, offset: start };
      throw tooLarge(`a record has ${recordBytes} bytes or more`, maxLogBytes, 'maxLogBytes', at);
    }
    if (chunk.position !== LAST) continue;
    yield { bytes: record.take(), offset: start };
    start = -1;
  }
  const unfinished =
    start < 0 ? undefined : { problem: 'the last record has no last chunk', offset: start };
  const fault = chunks.fault ?? unfinished;
  if (fault === undefined) return;
  const at = { path: file.path, offset: fault.offset };
  if (chunks.fault !== undefined && chunks.continues('any')) {
    throw corrupt(`${fault.problem}, and a whole chunk follows: the log is damaged`, at);
  }
  if (options.tornEnd === 'damage') throw corrupt(`${fault.problem}: the log is damaged`, at);
  if (options.tornEnd === 'refuse') throw torn(fault.problem, at);
}

function torn(problem: string, at: Location): PebbleError {
  return corrupt(
    `${problem}. A crash of the writer or damage leaves such an end: ` +
      `to read what is whole, set the option tornLogs to 'end'`,
    at,
  );
}

class ChunkReader {
  readonly #file: InputFile;
  /** The part of the log number that chunks hold. */
  readonly #logNumber: number | undefined;
  #block: Uint8Array = new Uint8Array(0);
  #blockStart = 0;
  #position = 0;
  /** Whether the chunks have the log's number. */
  #isNamed = false;
  /** Why the chunks end, unless a writer ends a log so. */
  fault: Fault | undefined;

  constructor(file: InputFile, logNumber: number | undefined) {
    this.#file = file;
    this.#logNumber = logNumber === undefined ? undefined : logNumber % 2 ** 32;
  }

  next(): Chunk | undefined {
    for (;;) {
      const left = this.#block.length - this.#position;
      if (left < MIN_HEADER_BYTES) {
        if (!this.#isZero(this.#position)) {
          return this.#noChunk(`${left} bytes are too few for a chunk`);
        }
        if (!this.#nextBlock()) return undefined;
        continue;
      }
      const header = this.#block.subarray(this.#position, this.#position + MIN_HEADER_BYTES);
      if (header.every((byte) => byte === 0)) {
        // The end of a block without room for the largest header, or the end of the log.
        if (left >= MAX_HEADER_BYTES || !this.#isZero(this.#position)) {
          return this.#endUnlessContinued('zeros stand where a chunk should be', 'any');
        }
        if (!this.#nextBlock()) return undefined;
        continue;
      }
      return this.#chunk();
    }
  }

  /**
   * Whether a whole chunk of this log follows this position. In this block it may be anywhere; each later block
   * starts with a chunk. The reader must not be used afterwards.
   *
   * @param which `named` looks only for chunks with this log's number
   */
  continues(which: 'any' | 'named'): boolean {
    const isFound = (start: number) => isWhole(this.#block, start, this.#logNumber, which);
    for (
      let start = this.#position + 1;
      start + MIN_HEADER_BYTES <= this.#block.length;
      start += 1
    ) {
      if (isFound(start)) return true;
    }
    while (this.#nextBlock()) {
      if (this.#block.length >= MIN_HEADER_BYTES && isFound(0)) return true;
    }
    return false;
  }

  #chunk(): Chunk | undefined {
    const block = this.#block;
    const start = this.#position;
    const offset = this.#blockStart + start;
    const type = block[start + 6] as number;
    const headerBytes = headerBytesOf(type);
    if (headerBytes === undefined) return this.#noChunk(`a chunk has the unknown type ${type}`);
    if (headerBytes === MIN_HEADER_BYTES) {
      if (this.#isNamed) return this.#noChunk(`a chunk has the type ${type}, without a log number`);
    } else {
      if (this.#logNumber === undefined) return this.#end(`a chunk has the type ${type} of a WAL`);
      if (start + headerBytes > block.length) {
        return this.#noChunk('the header of a chunk is truncated');
      }
      if (readUint32(block, start + 7) !== this.#logNumber) {
        return this.#endUnlessContinued('a chunk has the number of another log', 'named');
      }
    }
    const payloadStart = start + headerBytes;
    const payloadEnd = payloadStart + readUint16(block, start + 4);
    if (payloadEnd > block.length) {
      return this.#end('a chunk extends past the end of its block or file');
    }
    if (maskedChecksum(block.subarray(start + 6, payloadEnd)) !== readUint32(block, start)) {
      return this.#end('the checksum of a chunk does not match');
    }
    this.#position = payloadEnd;
    this.#isNamed ||= headerBytes > MIN_HEADER_BYTES;
    return {
      position: ((type - 1) & 3) + 1,
      payload: block.subarray(payloadStart, payloadEnd),
      offset,
    };
  }

  /**
   * Handles bytes that are not a chunk of this log: leftover bytes of the old log, if that is possible; at the
   * end of the file perhaps a truncated chunk.
   */
  #noChunk(problem: string): undefined {
    if (!this.#isNamed || this.#isCutOff()) return this.#end(problem);
    return this.#endUnlessContinued(problem, 'named');
  }

  /** Whether the file ends in bytes that may begin the header of a chunk. */
  #isCutOff(): boolean {
    const front = this.#block.subarray(this.#position);
    const blockEnd = this.#blockStart + this.#block.length;
    if (blockEnd !== this.#file.sizeBytes || front.length >= MAX_HEADER_BYTES) return false;
    const type = front[6];
    // Any checksum and length may be valid; one in millions looks like the end of an older log.
    if (type === undefined) return !isEndOfClosedLog(front, this.#logNumber ?? 0);
    if (type < FIRST_NAMED_TYPE || type > MAX_CHUNK_TYPE) return false;
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, this.#logNumber ?? 0, true);
    return front.subarray(7, 11).every((byte, index) => byte === number[index]);
  }

  /** Ends the log, unless more of it follows. */
  #endUnlessContinued(problem: string, which: 'any' | 'named'): undefined {
    const offset = this.#blockStart + this.#position;
    const ahead = new ChunkReader(this.#file, this.#logNumber);
    ahead.#blockStart = this.#blockStart;
    ahead.#block = this.#block;
    ahead.#position = this.#position;
    if (ahead.continues(which)) this.fault = { problem, offset };
    return undefined;
  }

  #end(problem: string): undefined {
    this.fault = { problem, offset: this.#blockStart + this.#position };
    return undefined;
  }

  #isZero(from: number): boolean {
    return this.#block.subarray(from).every((byte) => byte === 0);
  }

  #nextBlock(): boolean {
    const start = this.#blockStart + this.#block.length;
    const length = Math.min(LOG_BLOCK_BYTES, this.#file.sizeBytes - start);
    this.#blockStart = start;
    this.#position = 0;
    this.#block = length <= 0 ? new Uint8Array(0) : this.#file.read(start, length);
    return length > 0;
  }
}

function headerBytesOf(type: number): number | undefined {
  if (type < FULL || type > MAX_CHUNK_TYPE) return undefined;
  if (type <= 4) return MIN_HEADER_BYTES;
  return type <= 8 ? 11 : MAX_HEADER_BYTES;
}

/** Whether a chunk of this log with a matching checksum is at `start`. */
function isWhole(
  block: Uint8Array,
  start: number,
  logNumber: number | undefined,
  which: 'any' | 'named',
): boolean {
  const headerBytes = headerBytesOf(block[start + 6] as number);
  if (headerBytes === undefined || start + headerBytes > block.length) return false;
  if (headerBytes === MIN_HEADER_BYTES) {
    if (which === 'named') return false;
  } else if (readUint32(block, start + 7) !== logNumber) {
    return false;
  }
  const end = start + headerBytes + readUint16(block, start + 4);
  if (end > block.length) return false;
  return maskedChecksum(block.subarray(start + 6, end)) === readUint32(block, start);
}

/**
 * Whether these up to 6 bytes end the chunk with which the writer of an older log closed it. That chunk holds
 * only the number after the older log's own, which is at most the number of this log.
 */
function isEndOfClosedLog(bytes: Uint8Array, logNumber: number): boolean {
  const numberBytes = bytes.subarray(-4);
  const typeAndLength = bytes.subarray(0, -4);
  const isClosing = [...typeAndLength].reverse().every((byte, at) => byte === (at === 0 ? 5 : 0));
  const number = numberBytes.reduceRight((sum, byte) => 256 * sum + byte, 0);
  return isClosing && number * 256 ** (4 - numberBytes.length) <= logNumber;
}

/** Joins the chunks of a record. A view of each chunk would take far more memory than a chunk of a few bytes. */
class RecordBuffer {
  #bytes = new Uint8Array(LOG_BLOCK_BYTES);
  #length = 0;

  /** Appends a chunk; returns the length of the record. */
  append(payload: Uint8Array): number {
    const start = this.#length;
    this.#length += payload.length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(payload, start);
    return this.#length;
  }

  /** Returns the record, and begins the next one. */
  take(): Uint8Array {
    const record = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return record;
  }
}
