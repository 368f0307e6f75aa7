// Compresses chunks to one zstd frame. Node.js has zstd from 22.15 on; without it the frame holds uncompressed
// blocks, which every decoder reads.
import { Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { frameHead, MAX_BLOCK_BYTES, rawBlock } from './zstd-frame.js';

/** Undefined before Node.js 22.15. */
const { createZstdCompress } = zlib as { readonly createZstdCompress?: () => Transform };

export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Yields the pieces of a frame that holds the chunks. */
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
  // An empty last block ends the frame, so that the size need not be known in advance.
  yield rawBlock(new Uint8Array(0), true);
}
