// Compresses chunks to one zstd frame: by Node.js from 22.15 on, else by WebAssembly.
import { Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';

/** Undefined before Node.js 22.15. */
const { createZstdCompress } = zlib as { readonly createZstdCompress?: () => Transform };

export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Yields the pieces of a frame that holds the chunks. */
export async function* encodeZstd(chunks: Chunks): AsyncGenerator<Uint8Array, void, undefined> {
  if (createZstdCompress === undefined) yield* encodeInWebAssembly(chunks);
  else yield* Readable.from(chunks, { objectMode: false }).compose(createZstdCompress());
}

/** The implementation of `encodeZstd` in WebAssembly, which compresses one frame at a time. */
export async function* encodeInWebAssembly(
  chunks: Chunks,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const zstd = await Zstd.load();
  zstd.reset();
  for await (const chunk of chunks) {
    const piece = zstd.compressChunk(chunk);
    if (piece.length > 0) yield piece;
  }
  yield zstd.compressEnd();
}
