// Reads a file or a stream, compressed or not, as plain bytes.
//
// Invariant: memory is bounded by a chunk and the window of the compression.
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
  /** The name of the input in errors. @defaultValue the path; none for a stream */
  readonly name?: string | undefined;
  /** Ends the read with SSTITCH_ABORTED. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes of the input that were read so far, compressed ones if it is compressed. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

const CHUNK_BYTES = 256 * 1024;
/** Decompressed sizes up to this are harmless at any ratio. */
const RATIO_FREE_BYTES = 64 * 2 ** 20;
/** The highest ratio above that size. Lines of records compress about 50 times; zstd can reach 30,000. */
const MAX_RATIO = 1000;

/**
 * Yields the bytes of an input, decompressed if its first bytes are those of gzip or zstd.
 * @throws LinesError SSTITCH_FILE_OPERATION, SSTITCH_LINES_DAMAGED, SSTITCH_LINES_TOO_LARGE,
 * SSTITCH_ABORTED
 */
export async function* readBytes(
  input: LinesInput,
  { name = typeof input === 'string' ? input : undefined, signal, onRead }: ReadBytesOptions = {},
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
    onRead?.(raw.bytes);
    if (decodedBytes > RATIO_FREE_BYTES && decodedBytes > raw.bytes * MAX_RATIO) {
      throw new LinesError(
        'SSTITCH_LINES_TOO_LARGE',
        `its first ${raw.bytes} bytes decompress to more than ${MAX_RATIO} times their size, as no records do: if the file is right, decompress it first`,
        { path: name },
      );
    }
    yield chunk;
  }
}

/** Passes the chunks of a stream through, counts their bytes, and adds the input's name to errors. */
class CountedChunks implements AsyncIterable<Uint8Array> {
  /** How many bytes were read. */
  bytes = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #name: string | undefined;
  #peeked: Uint8Array | undefined;

  constructor(chunks: AsyncIterable<Uint8Array>, name: string | undefined) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#name = name;
  }

  /** Returns the first `count` bytes, or fewer if the stream is shorter, without consuming them. */
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
      `the ${compression} stream is truncated or damaged (${messageOf(cause)}): copy the file again from its origin`,
      { path: name, cause },
    );
  }
}

function gunzip(raw: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // Reading the result throws the errors of both streams.
  return pipeline(Readable.from(raw, { objectMode: false }), createGunzip(), () => undefined);
}
