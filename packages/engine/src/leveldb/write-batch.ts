// A write batch is one record of a log (LevelDB's db/write_batch.cc).
//
//   batch  := sequence u64le  count u32le  record*
//   record := 1  key  value       put
//           | 0  key              delete
//   key, value := varint32 length, bytes
//
// The parser takes a batch in chunks, since a record of a log can be larger than memory.
import { EngineError } from '../errors.js';
import { MAX_USABLE_SEQUENCE } from './manifest.js';

const HEADER_BYTES = 12;
const PUT = 1;
const DELETE = 0;
/** A varint32 has at most five bytes. */
const MAX_SHIFT = 28;

/** An operation of a batch. Key and value are views of the pushed bytes if they lie within one chunk. */
export interface LoggedOperation {
  readonly type: 'put' | 'del';
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
}

/** A complete batch. */
export interface ParsedBatch {
  /** The sequence of its first operation. Each further operation has the next one. */
  readonly sequence: number;
  /** The number of operations. */
  readonly operations: number;
}

type State = 'header' | 'type' | 'key length' | 'key' | 'value length' | 'value';

/** Parses one batch. */
export class BatchParser {
  readonly #path: string;
  readonly #offset: number;
  readonly #onOperation: ((operation: LoggedOperation) => void) | undefined;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerFilled = 0;
  #count = 0;
  #operations = 0;
  #state: State = 'header';
  #isPut = false;
  #length = 0;
  #shift = 0;
  /** The number of bytes of the key or value that are still to come. */
  #left = 0;
  #parts: Uint8Array[] = [];
  #key: Uint8Array = new Uint8Array(0);
  /** Whether the key is a view of pushed bytes, and its value is still to come. */
  #keyIsView = false;

  /**
   * @param path the log's path, for errors
   * @param offset the record's offset, for errors
   * @param onOperation called with each operation; without it, keys and values are skipped
   */
  constructor(path: string, offset: number, onOperation?: (operation: LoggedOperation) => void) {
    this.#path = path;
    this.#offset = offset;
    this.#onOperation = onOperation;
  }

  /**
   * Parses the next bytes. Keys and values passed to `onOperation` may be views of them; whatever is needed after the
   * call is copied.
   *
   * @throws EngineError SSTITCH_STORE_CORRUPT
   */
  push(bytes: Uint8Array): void {
    let position = 0;
    while (position < bytes.byteLength) {
      switch (this.#state) {
        case 'header': {
          const taken = bytes.subarray(position, position + HEADER_BYTES - this.#headerFilled);
          this.#header.set(taken, this.#headerFilled);
          this.#headerFilled += taken.byteLength;
          position += taken.byteLength;
          if (this.#headerFilled === HEADER_BYTES) {
            this.#count = new DataView(this.#header.buffer).getUint32(8, true);
            this.#state = 'type';
          }
          break;
        }
        case 'type':
          this.#beginOperation(bytes[position++] ?? 0);
          break;
        case 'key length':
        case 'value length':
          this.#addToLength(bytes[position++] ?? 0);
          break;
        default:
          position = this.#takePart(bytes, position);
      }
    }
    // The caller may reuse the bytes now.
    if (this.#keyIsView) this.#key = this.#key.slice();
    this.#keyIsView = false;
  }

  /**
   * Ends the batch, and checks that it is complete.
   *
   * @throws EngineError SSTITCH_STORE_CORRUPT
   */
  end(): ParsedBatch {
    if (this.#state === 'header') throw this.#corrupt('is too short');
    if (this.#state !== 'type') throw this.#corrupt('ends in the middle of a key or value');
    if (this.#operations < this.#count) throw this.#corrupt('is shorter than its count says');
    const exact = new DataView(this.#header.buffer).getBigUint64(0, true);
    if (exact + BigInt(this.#count) > BigInt(MAX_USABLE_SEQUENCE)) {
      throw this.#corrupt('has a sequence near the limit');
    }
    return { sequence: Number(exact), operations: this.#operations };
  }

  #beginOperation(type: number): void {
    if (this.#operations === this.#count) throw this.#corrupt('is longer than its count says');
    if (type !== PUT && type !== DELETE) {
      throw this.#corrupt(`holds an operation of the unknown type ${type}`);
    }
    this.#isPut = type === PUT;
    this.#beginLength('key length');
  }

  #beginLength(state: 'key length' | 'value length'): void {
    this.#state = state;
    this.#length = 0;
    this.#shift = 0;
  }

  #addToLength(byte: number): void {
    if (this.#shift > MAX_SHIFT) throw this.#corrupt('holds a broken length');
    this.#length += (byte & 0x7f) * 2 ** this.#shift;
    this.#shift += 7;
    if (byte >= 0x80) return;
    if (this.#length >= 2 ** 32) throw this.#corrupt('holds a broken length');
    this.#state = this.#state === 'key length' ? 'key' : 'value';
    this.#left = this.#length;
    if (this.#left === 0) this.#endPart();
  }

  #takePart(bytes: Uint8Array, position: number): number {
    const end = Math.min(bytes.byteLength, position + this.#left);
    this.#left -= end - position;
    if (this.#onOperation !== undefined) {
      const part = bytes.subarray(position, end);
      // Copy a part of a key or value, the rest of which comes with other bytes.
      const isWhole = this.#left === 0 && this.#parts.length === 0;
      this.#parts.push(isWhole ? part : part.slice());
    }
    if (this.#left === 0) this.#endPart();
    return end;
  }

  #endPart(): void {
    const part = join(this.#parts);
    this.#parts = [];
    if (this.#state === 'key') {
      this.#key = part;
      if (this.#isPut) {
        this.#keyIsView = true;
        this.#beginLength('value length');
        return;
      }
    }
    this.#operations++;
    this.#keyIsView = false;
    this.#onOperation?.(
      this.#isPut ? { type: 'put', key: this.#key, value: part } : { type: 'del', key: this.#key },
    );
    this.#state = 'type';
  }

  #corrupt(message: string): EngineError {
    return new EngineError('SSTITCH_STORE_CORRUPT', `a logged batch ${message}`, {
      path: this.#path,
      offset: this.#offset,
    });
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first === undefined) return new Uint8Array(0);
  if (parts.length === 1) return first;
  const all = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let position = 0;
  for (const part of parts) {
    all.set(part, position);
    position += part.byteLength;
  }
  return all;
}

/** Returns the operations of a batch, whose keys and values are views of its bytes. */
export function decodeWriteBatch(
  bytes: Uint8Array,
  path: string,
  offset: number,
): readonly LoggedOperation[] {
  const operations: LoggedOperation[] = [];
  const parser = new BatchParser(path, offset, (operation) => operations.push(operation));
  parser.push(bytes);
  parser.end();
  return operations;
}
