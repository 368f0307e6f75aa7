// zstd streams. They are read by WebAssembly on every version of Node.js; they are written by Node.js where it can
// (from 22.15 on), else by WebAssembly, in frames of 1 MiB, which readers take for one stream.
import { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { ZSTDDecoder } from 'zstddec/stream';

/** Missing in older versions of Node.js. */
const { createZstdCompress } = zlib as { readonly createZstdCompress?: () => Transform };

/** What one frame holds where WebAssembly writes. */
const FRAME_BYTES = 2 ** 20;

/**
 * zstddec swallows zstd's errors and offers no output, again and again. Of one chunk of input a sound stream has at
 * most one empty output a frame.
 */
const MAX_EMPTY_OUTPUTS = 32;

/**
 * Decodes a zstd stream of any number of frames.
 * @throws Error where the stream is cut off or damaged
 */
export async function* decodeZstd(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const input = chunks[Symbol.asyncIterator]();
  try {
    // The decoder is synchronous and takes at most one chunk a step: the one that was read for it.
    let chunk: Uint8Array | undefined;
    let isEnded = false;
    let emptyOutputs = 0;
    const steps = decoder.decodeStreaming(
      (function* () {
        for (; chunk !== undefined; ) {
          const taken = chunk;
          chunk = undefined;
          emptyOutputs = 0;
          yield taken;
        }
      })(),
    );
    for (;;) {
      while (chunk === undefined && !isEnded) {
        const { value, done } = await input.next();
        if (done === true) isEnded = true;
        else if (value.length > 0) chunk = value;
      }
      const step = steps.next();
      if (step.done === true) return;
      emptyOutputs = step.value.length > 0 ? 0 : emptyOutputs + 1;
      if (emptyOutputs > MAX_EMPTY_OUTPUTS) throw new Error('zstd refuses it');
      if (step.value.length > 0) yield step.value;
    }
  } finally {
    await input.return?.();
  }
}

/** Takes bytes and passes a zstd stream of them on. */
export function zstdCompressor(): Transform {
  return createZstdCompress?.() ?? framesCompressor();
}

/** As `zstdCompressor`, by WebAssembly. */
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
      // Of nothing at all the stream is one frame of nothing.
      takeFrame().then((frame) => done(null, frame), done);
    },
  });
}
