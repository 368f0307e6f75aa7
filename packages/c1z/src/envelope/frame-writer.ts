// Writes an indexed payload: a frame for each file, then the index.
import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { IndexedFrameEntrySchema } from '../gen/c1/c1z/v3/manifest_pb.js';
import type { OutputFile } from '../output-file.js';
import { encodeZstd } from './encode-zstd.js';
import { encodeFrameIndex } from './frame-index.js';
import { newXxhash64, xxhash64 } from './xxhash64.js';

/** A file of the payload. */
export interface PayloadFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly chunks: readonly Uint8Array[];
}

export class FrameWriter {
  readonly #output: OutputFile;
  readonly #manifestHash: bigint;
  readonly #entries: MessageInitShape<typeof IndexedFrameEntrySchema>[] = [];
  #rawBytes = 0;
  #compressedBytes = 0;

  /**
   * @param output the file, to which the head has been written
   * @param manifest the manifest in that head
   */
  constructor(output: OutputFile, manifest: Uint8Array) {
    this.#output = output;
    this.#manifestHash = xxhash64(manifest);
  }

  /** Adds a file. Files must be added in ascending order of their names. */
  async add({ name, sizeBytes, chunks }: PayloadFile): Promise<void> {
    const hash = newXxhash64();
    const sha256 = createHash('sha256');
    for (const chunk of chunks) {
      hash.update(chunk);
      sha256.update(chunk);
    }
    const start = this.#output.lengthBytes;
    for await (const part of encodeZstd(chunks)) this.#output.write(part);
    const compressedBytes = this.#output.lengthBytes - start;
    this.#rawBytes += sizeBytes;
    this.#compressedBytes += compressedBytes;
    this.#entries.push({
      name,
      frameOffset: BigInt(start),
      compressedSize: BigInt(compressedBytes),
      rawSize: BigInt(sizeBytes),
      rawXxh64: hash.digest(),
      rawSha256: new Uint8Array(sha256.digest()),
    });
  }

  /** Ends the payload. */
  finish(): void {
    const end = encodeFrameIndex(this.#output.lengthBytes, {
      entries: this.#entries,
      totalRawSize: BigInt(this.#rawBytes),
      totalCompressedSize: BigInt(this.#compressedBytes),
      manifestXxh64: this.#manifestHash,
    });
    this.#output.write(end);
  }
}
