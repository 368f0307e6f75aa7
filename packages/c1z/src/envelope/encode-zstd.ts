// Compresses into one zstd frame. Node.js has zstd from 22.15 on; without it the frame holds its bytes as they are,
// which every decoder reads.
import { Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { frameHead, MAX_BLOCK_BYTES, rawBlock } from './zstd-frame.js';

/** Missing in older versions of Node.js. */
const { createZstdCompress } = zlib as { readonly createZstdCompress?: () => Transform };

export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** The pieces of a frame that holds the chunks, one after another. */
export async function* encodeZstd(chunks: Chunks): AsyncGenerator<Uint8Array, void, undefined> {
  if (createZstdCompress === undefined) yield* rawFrame(chunks);
  else yield* Readable.from(chunks, { objectMode: false }).compose(createZstdCompress());
}

async function* rawFrame(chunks: Chunks): AsyncGenerator<Uint8Array, void, undefined> {
  yield frameHead();
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += MAX_BLOCK_BYTES) {
      yield rawBlock(chunk.subarray(start, start + MAX_BLOCK_BYTES), false);
    }
  }
  // An empty last block ends the frame, so that no size need be known before.
  yield rawBlock(new Uint8Array(0), true);
}
