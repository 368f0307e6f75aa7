// What is read: a file or a stream, compressed or not, as plain bytes.
//
// Invariant: memory is bounded by a chunk, and by the window of the compression.
import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { LinesError, messageOf, throwIfAborted } from '../errors.js';
import { type Compression, compressionOf, MAGIC_BYTES } from './compression.js';
import { decodeZstd } from './zstd.js';

/** The path of a file, or a stream of bytes such as `process.stdin`, which is read once. */
export type LinesInput = string | AsyncIterable<Uint8Array>;

/** Options of `readBytes`. */
export interface ReadBytesOptions {
  /** What errors call the input. @defaultValue the path; nothing for a stream */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const CHUNK_BYTES = 256 * 1024;
/** Up to here, what a stream decodes to does no harm, whatever its ratio. */
const RATIO_FREE_BYTES = 64 * 2 ** 20;
/** Lines of records come to a fiftieth of their size; zstd can write a thirty-thousandth. */
const MAX_RATIO = 1000;

/**
 * The bytes of an input, decompressed if its first bytes say gzip or zstd.
 * @throws LinesError SSTITCH_FILE_OPERATION, SSTITCH_LINES_DAMAGED, SSTITCH_LINES_TOO_LARGE,
 * SSTITCH_ABORTED
 */
export async function* readBytes(
  input: LinesInput,
  { name = typeof input === 'string' ? input : undefined, signal }: ReadBytesOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  throwIfAborted(signal, name);
  const raw = new CountedChunks(
    typeof input === 'string' ? createReadStream(input, { highWaterMark: CHUNK_BYTES }) : input,
    name,
  );
  const head = await raw.peek(MAGIC_BYTES);
  const compression = compressionOf(head);
  let decodedBytes = 0;
  for await (const chunk of decoded(raw, compression, name)) {
    throwIfAborted(signal, name);
    decodedBytes += chunk.length;
    if (decodedBytes > RATIO_FREE_BYTES && decodedBytes > raw.bytes * MAX_RATIO) {
      throw new LinesError(
        'SSTITCH_LINES_TOO_LARGE',
        `its first ${raw.bytes} bytes decompress to more than ${MAX_RATIO} times their size: no records do; decompress it by hand if it is to be read`,
        { path: name },
      );
    }
    yield chunk;
  }
}

/** The bytes of a stream as they come; errors of the stream say whose they are. */
class CountedChunks implements AsyncIterable<Uint8Array> {
  /** How many bytes were taken. */
  bytes = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #name: string | undefined;
  #peeked: Uint8Array | undefined;

  constructor(chunks: AsyncIterable<Uint8Array>, name: string | undefined) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#name = name;
  }

  /** The first bytes, fewer where the stream has no more. They stay in the stream. */
  async peek(count: number): Promise<Uint8Array> {
    let head: Uint8Array = new Uint8Array(0);
    while (head.length < count) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    }
    this.#peeked = head;
    return head;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      const peeked = this.#peeked ?? new Uint8Array(0);
      this.#peeked = undefined;
      this.bytes += peeked.length;
      if (peeked.length > 0) yield peeked;
      for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) {
        this.bytes += chunk.length;
        yield chunk;
      }
    } finally {
      await this.#chunks.return?.();
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const { value, done } = await this.#chunks.next();
      return done === true ? undefined : value;
    } catch (cause) {
      throw new LinesError('SSTITCH_FILE_OPERATION', `cannot be read: ${messageOf(cause)}`, {
        path: this.#name,
        cause,
      });
    }
  }
}

async function* decoded(
  raw: AsyncIterable<Uint8Array>,
  compression: Compression | undefined,
  name: string | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (compression === undefined) {
    yield* raw;
    return;
  }
  try {
    yield* compression === 'gzip' ? gunzip(raw) : decodeZstd(raw);
  } catch (cause) {
    if (cause instanceof LinesError) throw cause;
    throw new LinesError(
      'SSTITCH_LINES_DAMAGED',
      `the ${compression} stream is cut off or damaged (${messageOf(cause)}); copy it again from where it was written`,
      { path: name, cause },
    );
  }
}

function gunzip(raw: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // An error of either end is thrown where the result is read.
  return pipeline(Readable.from(raw, { objectMode: false }), createGunzip(), () => undefined);
}
