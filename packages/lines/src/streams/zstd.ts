// Reads and writes zstd streams. Reading uses WebAssembly on every version of Node.js. Writing uses Node.js
// from 22.15 on, else WebAssembly, in frames of 1 MiB, which readers treat as one stream.
import { Transform } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import zlib from 'node:zlib';
import { ZSTDDecoder } from 'zstddec/stream';

/** Undefined before Node.js 22.15. */
const { createZstdCompress } = zlib as { readonly createZstdCompress?: () => Transform };

/** How many bytes a frame of WebAssembly holds. */
const FRAME_BYTES = 2 ** 20;

/** How many bytes the decoder takes at once. Few, because it must decode all of them even if the reader has stopped. */
const SLICE_BYTES = 8 * 2 ** 10;

/**
 * On an error of zstd, zstddec reports none and returns empty outputs forever. A valid stream returns at most one empty
 * output for each frame, and one for the end of a slice. The smallest frame has eight bytes.
 */
const MAX_EMPTY_OUTPUTS = SLICE_BYTES / 8 + 1;

/**
 * How many bytes are decoded in one turn of the event loop. A chunk of input can decode to a thousand times its size,
 * and until it was decoded, no signal would arrive and nothing else in the process would run.
 */
const TURN_BYTES = 256 * 2 ** 10;

/**
 * Decodes a zstd stream of any number of frames.
 * @throws Error if the stream is truncated or damaged
 */
export async function* decodeZstd(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const input = chunks[Symbol.asyncIterator]();
  // The decoder is synchronous and takes at most one slice per step, of a chunk that was read before.
  let chunk: Uint8Array = new Uint8Array(0);
  let isEnded = false;
  let emptyOutputs = 0;
  let turnBytes = 0;
  const outputs = decoder.decodeStreaming(
    (function* () {
      while (chunk.length > 0) {
        const slice = chunk.subarray(0, SLICE_BYTES);
        chunk = chunk.subarray(SLICE_BYTES);
        emptyOutputs = 0;
        yield slice;
      }
    })(),
  );
  const nextOutput = () => {
    const output = outputs.next();
    emptyOutputs = output.value?.length === 0 ? emptyOutputs + 1 : 0;
    if (emptyOutputs > MAX_EMPTY_OUTPUTS) throw new Error('zstd refuses the data');
    return output;
  };
  try {
    for (;;) {
      while (chunk.length === 0 && !isEnded) {
        const { value, done } = await input.next();
        if (done === true) isEnded = true;
        else chunk = value;
      }
      const output = nextOutput();
      if (output.done === true) return;
      if (output.value.length > 0) yield output.value;
      turnBytes += output.value.length;
      if (turnBytes < TURN_BYTES) continue;
      turnBytes = 0;
      await nextTurn();
    }
  } finally {
    chunk = new Uint8Array(0);
    await drain(nextOutput);
    await input.return?.();
  }
}

/**
 * Reads a decoder to the end of its input. Only there does the decoder free its memory, which all decoders of a process
 * share. The memory of a decoder that refuses its data is never freed.
 */
async function drain(nextOutput: () => IteratorResult<unknown, unknown>): Promise<void> {
  try {
    while (nextOutput().done !== true) await nextTurn();
  } catch {
    // The input is truncated or damaged.
  }
}

/** A transform that compresses bytes to a zstd stream. */
export function zstdCompressor(): Transform {
  return createZstdCompress?.() ?? framesCompressor();
}

/** The implementation of `zstdCompressor` with WebAssembly. */
export function framesCompressor(): Transform {
  const loaded = import('@hpcc-js/wasm-zstd').then(({ Zstd }) => Zstd.load());
  loaded.catch(() => undefined);
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const takeFrame = async (): Promise<Uint8Array> => {
    const zstd = await loaded;
    const frame = zstd.compress(Buffer.concat(held));
    held = [];
    heldBytes = 0;
    return frame;
  };
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes < FRAME_BYTES) done();
      else takeFrame().then((frame) => done(null, frame), done);
    },
    flush(done) {
      // An empty input becomes one empty frame.
      takeFrame().then((frame) => done(null, frame), done);
    },
  });
}
