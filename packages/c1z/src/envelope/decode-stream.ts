// Decodes the zstd stream of a .c1z file into a file. Runs in the reader process, so it may block.
//
// Invariants:
// - memory: one chunk of input, one block of output, and the window, which is bounded
// - the limits are checked before a block is written, not after the whole stream
import { readSync, writeSync } from 'node:fs';
import { ZSTDDecoder } from 'zstddec/stream';
import { C1zError, messageOf } from '../errors.js';
import type { C1zLimits, C1zProgress } from '../options.js';
import { MAX_FRAME_HEAD_BYTES, MAX_WINDOW_BYTES, windowBytesOf } from './zstd-frame.js';

export interface DecodeSource {
  /** An open file; it is read by position, and left open. */
  readonly fileDescriptor: number;
  readonly path: string;
  readonly fileBytes: number;
  /** Where in the file the zstd stream begins. */
  readonly offset: number;
}

const INPUT_CHUNK_BYTES = 64 * 1024;
/** Up to here, what a file decodes to does no harm, whatever its ratio. */
const RATIO_FREE_BYTES = 64 * 2 ** 20;
const PROGRESS_STEP_BYTES = 8 * 2 ** 20;

/**
 * zstddec swallows zstd's error results and offers no output, again and again. A sound stream has at
 * most one empty output a frame or chunk of input; zstd itself gives up after 16 calls in vain.
 */
const MAX_EMPTY_OUTPUTS = 32;

/**
 * Decodes `source` to the end into `targetFileDescriptor` and returns the bytes written.
 * @throws C1zError SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE, SSTITCH_FILE_OPERATION
 */
export async function decodeStream(
  source: DecodeSource,
  targetFileDescriptor: number,
  limits: Pick<C1zLimits, 'maxDecodedBytes' | 'maxDecodedRatio'>,
  onProgress: (progress: C1zProgress) => void | Promise<void>,
): Promise<number> {
  const { path } = source;
  const decoder = new ZSTDDecoder();
  await decoder.init();

  const input = new InputChunks(source);
  let decodedBytes = 0;
  let reportAtBytes = PROGRESS_STEP_BYTES;
  let emptyOutputs = 0;
  for (const output of outputs(decoder, input, path)) {
    if (output.length === 0) {
      emptyOutputs += 1;
      if (emptyOutputs > MAX_EMPTY_OUTPUTS) throw damaged(input, path);
      continue;
    }
    emptyOutputs = 0;
    decodedBytes += output.length;
    checkSize(decodedBytes, source, limits);
    writeFully(targetFileDescriptor, output, path);
    if (decodedBytes >= reportAtBytes) {
      reportAtBytes = decodedBytes + PROGRESS_STEP_BYTES;
      await onProgress({ encodedBytes: input.offset, decodedBytes });
    }
  }
  await onProgress({ encodedBytes: input.offset, decodedBytes });
  return decodedBytes;
}

function* outputs(decoder: ZSTDDecoder, input: InputChunks, path: string): Generator<Uint8Array> {
  try {
    yield* decoder.decodeStreaming(input.chunks());
  } catch (cause) {
    if (cause instanceof C1zError) throw cause;
    throw new C1zError('SSTITCH_C1Z_CORRUPT', `the zstd stream is cut off: ${messageOf(cause)}`, {
      path,
      offset: input.offset,
      cause,
    });
  }
}

function damaged(input: InputChunks, path: string): C1zError {
  return new C1zError(
    'SSTITCH_C1Z_CORRUPT',
    `the zstd stream is damaged: zstd refuses it in the ${INPUT_CHUNK_BYTES} bytes before the offset`,
    { path, offset: input.offset },
  );
}

function checkSize(
  decodedBytes: number,
  source: DecodeSource,
  limits: Pick<C1zLimits, 'maxDecodedBytes' | 'maxDecodedRatio'>,
): void {
  if (decodedBytes > limits.maxDecodedBytes) {
    throw new C1zError(
      'SSTITCH_C1Z_TOO_LARGE',
      `the file decodes to more than ${limits.maxDecodedBytes} bytes (option maxDecodedBytes)`,
      { path: source.path },
    );
  }
  if (decodedBytes > RATIO_FREE_BYTES && decodedBytes > source.fileBytes * limits.maxDecodedRatio) {
    throw new C1zError(
      'SSTITCH_C1Z_TOO_LARGE',
      `the file of ${source.fileBytes} bytes decodes to more than ${limits.maxDecodedRatio} times its size (option maxDecodedRatio)`,
      { path: source.path },
    );
  }
}

/** The stream's bytes, in chunks, each checked at the head of the first frame. */
class InputChunks {
  /** The byte of the file up to which it has been read. */
  offset: number;
  readonly #source: DecodeSource;

  constructor(source: DecodeSource) {
    this.#source = source;
    this.offset = source.offset;
  }

  *chunks(): Generator<Uint8Array> {
    const buffer = new Uint8Array(INPUT_CHUNK_BYTES);
    for (let isFirst = true; ; isFirst = false) {
      const length = this.#read(buffer);
      if (isFirst) this.#checkFirstFrame(buffer.subarray(0, length));
      if (length === 0) return;
      this.offset += length;
      yield buffer.subarray(0, length);
    }
  }

  #read(buffer: Uint8Array): number {
    try {
      return readSync(this.#source.fileDescriptor, buffer, 0, buffer.length, this.offset);
    } catch (cause) {
      throw new C1zError('SSTITCH_FILE_OPERATION', `cannot read: ${messageOf(cause)}`, {
        path: this.#source.path,
        offset: this.offset,
        cause,
      });
    }
  }

  #checkFirstFrame(head: Uint8Array): void {
    const { path, offset } = this.#source;
    const windowBytes = windowBytesOf(head.subarray(0, MAX_FRAME_HEAD_BYTES));
    if (windowBytes === undefined) {
      throw new C1zError('SSTITCH_C1Z_CORRUPT', 'no zstd stream follows the magic bytes', {
        path,
        offset,
      });
    }
    if (windowBytes > MAX_WINDOW_BYTES) {
      throw new C1zError(
        'SSTITCH_C1Z_TOO_LARGE',
        `the zstd stream needs a window of ${windowBytes} bytes; ${MAX_WINDOW_BYTES} is the most`,
        { path, offset },
      );
    }
  }
}

function writeFully(fileDescriptor: number, bytes: Uint8Array, path: string): void {
  try {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(fileDescriptor, bytes, written);
    }
  } catch (cause) {
    throw new C1zError(
      'SSTITCH_FILE_OPERATION',
      `cannot write the decoded database: ${messageOf(cause)}`,
      { path, cause },
    );
  }
}
