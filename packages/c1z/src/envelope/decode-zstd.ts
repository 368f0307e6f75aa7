// Decodes a zstd stream of a .c1z file. Runs in the reader process, so it may block.
//
// Invariants:
// - memory is bounded by one chunk of input, one block of output, and the window, which has a limit
// - limits are checked before each block is passed on, not after the whole stream
import { ZSTDDecoder } from 'zstddec/stream';
import { C1zError, messageOf } from '../errors.js';
import type { C1zLimits, C1zProgress } from '../options.js';
import { type InputRange, readSome } from './input-range.js';
import { MAX_FRAME_HEAD_BYTES, MAX_WINDOW_BYTES, windowBytesOf } from './zstd-frame.js';

const INPUT_CHUNK_BYTES = 64 * 1024;
/** Decoded sizes up to this are harmless at any ratio. */
const RATIO_FREE_BYTES = 64 * 2 ** 20;
const PROGRESS_STEP_BYTES = 8 * 2 ** 20;

/**
 * After an error of zstd, zstddec reports nothing and returns empty outputs forever. A valid stream has at most one empty
 * output for each frame in a chunk of input, and one for the end of the chunk. The smallest frame has eight bytes.
 */
const MAX_EMPTY_OUTPUTS = INPUT_CHUNK_BYTES / 8 + 1;

const decoder = new ZSTDDecoder();

/** Loads zstd, once in a process. Must fulfil before any other function of this file is called. */
export function loadDecoder(): Promise<void> {
  return decoder.init();
}

/**
 * Decodes all of `source` and passes it to `write`; returns the number of decoded bytes.
 * @throws C1zError SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE, SSTITCH_FILE_OPERATION
 */
export async function decodeStream(
  source: InputRange,
  write: (bytes: Uint8Array) => void,
  limits: Pick<C1zLimits, 'maxDecodedBytes' | 'maxDecodedRatio'>,
  onProgress: (progress: C1zProgress) => void | Promise<void>,
): Promise<number> {
  await loadDecoder();
  const input = new InputChunks(source);
  let decodedBytes = 0;
  let reportAtBytes = PROGRESS_STEP_BYTES;
  for (const output of decodedChunks(input)) {
    decodedBytes += output.length;
    checkDecodedSize(decodedBytes, source, limits);
    write(output);
    if (decodedBytes >= reportAtBytes) {
      reportAtBytes = decodedBytes + PROGRESS_STEP_BYTES;
      await onProgress({ step: 'decoding', encodedBytes: input.offset, decodedBytes });
    }
  }
  await onProgress({ step: 'decoding', encodedBytes: input.offset, decodedBytes });
  return decodedBytes;
}

/** The largest frame that is decoded in one call. */
const MAX_SMALL_FRAME_BYTES = 2 ** 20;

/**
 * Decodes a frame that claims to hold `sizeBytes`, and passes at most these to `write`.
 * @returns the number of decoded bytes
 * @throws C1zError SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE, SSTITCH_FILE_OPERATION
 */
export function decodeFrame(
  source: InputRange,
  sizeBytes: number,
  write: (bytes: Uint8Array) => void,
): number {
  // The frame of an empty file need not be decoded.
  if (sizeBytes === 0) return 0;
  const encodedBytes = source.end - source.start;
  if (Math.max(sizeBytes, encodedBytes) <= MAX_SMALL_FRAME_BYTES) {
    const input = new Uint8Array(encodedBytes);
    readSome(source, source.start, input);
    // zstd never writes beyond memory of this size; zstddec returns nothing if zstd fails.
    const bytes = decoder.decode(input, sizeBytes);
    write(bytes);
    return bytes.length;
  }
  let decodedBytes = 0;
  for (const output of decodedChunks(new InputChunks(source))) {
    decodedBytes += output.length;
    if (decodedBytes > sizeBytes) break;
    write(output);
  }
  return decodedBytes;
}

function* decodedChunks(input: InputChunks): Generator<Uint8Array> {
  let emptyOutputs = 0;
  let chunkEnd = 0;
  for (const output of outputs(input)) {
    if (output.length > 0) {
      yield output;
      continue;
    }
    if (input.offset !== chunkEnd) emptyOutputs = 0;
    chunkEnd = input.offset;
    emptyOutputs += 1;
    if (emptyOutputs > MAX_EMPTY_OUTPUTS) throw damaged(input);
  }
}

function* outputs(input: InputChunks): Generator<Uint8Array> {
  try {
    yield* decoder.decodeStreaming(input.chunks());
  } catch (cause) {
    if (cause instanceof C1zError) throw cause;
    throw new C1zError(
      'SSTITCH_C1Z_CORRUPT',
      `the zstd stream is truncated: ${messageOf(cause)}; copy the file again from its origin`,
      { ...input.place(), cause },
    );
  }
}

function damaged(input: InputChunks): C1zError {
  return new C1zError(
    'SSTITCH_C1Z_CORRUPT',
    `the zstd stream is damaged: zstd refuses it in the ${INPUT_CHUNK_BYTES} bytes before the offset; copy the file again from its origin`,
    input.place(),
  );
}

/**
 * Checks the decoded size of a file, or of a part of it.
 * @throws C1zError SSTITCH_C1Z_TOO_LARGE
 */
export function checkDecodedSize(
  decodedBytes: number,
  { file, part }: Pick<InputRange, 'file' | 'part'>,
  limits: Pick<C1zLimits, 'maxDecodedBytes' | 'maxDecodedRatio'>,
): void {
  const { path, fileBytes } = file;
  if (decodedBytes > limits.maxDecodedBytes) {
    throw new C1zError(
      'SSTITCH_C1Z_TOO_LARGE',
      `the file decodes to more than ${limits.maxDecodedBytes} bytes (option maxDecodedBytes)`,
      { path, part },
    );
  }
  if (decodedBytes > RATIO_FREE_BYTES && decodedBytes > fileBytes * limits.maxDecodedRatio) {
    throw new C1zError(
      'SSTITCH_C1Z_TOO_LARGE',
      `the file of ${fileBytes} bytes decodes to more than ${limits.maxDecodedRatio} times its size (option maxDecodedRatio)`,
      { path, part },
    );
  }
}

/** The stream's bytes in chunks. The head of the first frame is checked. */
class InputChunks {
  /** The offset in the file up to which it has been read. */
  offset: number;
  readonly #source: InputRange;

  constructor(source: InputRange) {
    this.#source = source;
    this.offset = source.start;
  }

  *chunks(): Generator<Uint8Array> {
    const buffer = new Uint8Array(INPUT_CHUNK_BYTES);
    for (let isFirst = true; ; isFirst = false) {
      const length = readSome(this.#source, this.offset, buffer);
      if (isFirst) this.#checkFirstFrame(buffer.subarray(0, length));
      if (length === 0) return;
      this.offset += length;
      yield buffer.subarray(0, length);
    }
  }

  place() {
    return { path: this.#source.file.path, part: this.#source.part, offset: this.offset };
  }

  #checkFirstFrame(head: Uint8Array): void {
    const windowBytes = windowBytesOf(head.subarray(0, MAX_FRAME_HEAD_BYTES));
    if (windowBytes === undefined) {
      throw new C1zError(
        'SSTITCH_C1Z_CORRUPT',
        'there is no zstd stream where one is expected: the file was truncated or damaged; copy it again from its origin',
        this.place(),
      );
    }
    if (windowBytes > MAX_WINDOW_BYTES) {
      throw new C1zError(
        'SSTITCH_C1Z_TOO_LARGE',
        `the zstd stream needs a window of ${windowBytes} bytes, but ${MAX_WINDOW_BYTES} is the limit`,
        this.place(),
      );
    }
  }
}
