// Reads a file or a stream, compressed or not, as plain bytes.
//
// Invariant: memory is bounded by a chunk and the window of the compression.
import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { LinesError, messageOf, throwIfAborted } from '../errors.js';
import { type Compression, compressionOf, MAGIC_BYTES } from './compression.js';
import { untilAborted } from './until-aborted.js';
import { decodeZstd } from './zstd.js';

/** The path of a file, or a stream of bytes such as `process.stdin`, which is read once. */
export type LinesInput = string | AsyncIterable<Uint8Array>;

/** Options of `readBytes`. */
export interface ReadBytesOptions {
  /** The name of the input in errors. @defaultValue the path; none for a stream */
  readonly name?: string | undefined;
  /** Ends the read with SSTITCH_ABORTED, even while a stream yields nothing. */
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
  const raw = new CountedChunks(chunksOf(input, name, signal));
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

/** Yields the bytes of an input as they are. @throws LinesError SSTITCH_FILE_OPERATION, SSTITCH_ABORTED */
async function* chunksOf(
  input: LinesInput,
  name: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const chunks =
      typeof input === 'string' ? createReadStream(input, { highWaterMark: CHUNK_BYTES }) : input;
    yield* untilAborted(chunks, signal);
  } catch (cause) {
    throwIfAborted(signal, name);
    throw new LinesError('SSTITCH_FILE_OPERATION', `cannot be read: ${messageOf(cause)}`, {
      path: name,
      cause,
    });
  }
}

/** Passes the chunks of a stream through, and counts their bytes. */
class CountedChunks implements AsyncIterable<Uint8Array> {
  /** How many bytes were read. */
  bytes = 0;
  readonly #chunks: AsyncGenerator<Uint8Array, void, undefined>;
  #peeked: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncGenerator<Uint8Array, void, undefined>) {
    this.#chunks = chunks;
  }

  /** Returns the first `count` bytes, or fewer if the stream is shorter, without consuming them. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#peeked.length < count) {
      const { value, done } = await this.#chunks.next();
      if (done === true) break;
      this.#peeked = this.#peeked.length === 0 ? value : Buffer.concat([this.#peeked, value]);
    }
    return this.#peeked;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      const peeked = this.#peeked;
      this.#peeked = new Uint8Array(0);
      this.bytes += peeked.length;
      if (peeked.length > 0) yield peeked;
      for await (const chunk of this.#chunks) {
        this.bytes += chunk.length;
        yield chunk;
      }
    } finally {
      await this.#chunks.return();
    }
  }
}

async function* decoded(
  raw: CountedChunks,
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

async function* gunzip(raw: CountedChunks): AsyncGenerator<Uint8Array, void, undefined> {
  const unzip = createGunzip();
  // Reading the result throws the errors of both streams.
  yield* pipeline(Readable.from(raw, { objectMode: false }), unzip, () => undefined);
  // zlib of Node.js takes a zero byte after a member for padding, and drops whatever follows.
  if (unzip.bytesWritten < raw.bytes) throw new Error('zeros follow a member');
}
