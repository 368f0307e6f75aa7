// Encodes format 3 files from the files of a payload, in all encodings, for tests. Frames hold uncompressed
// blocks, which every decoder reads.
import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { encodeFrameIndex } from '../src/envelope/frame-index.js';
import { encodeHead } from '../src/envelope/manifest.js';
import { xxhash64 } from '../src/envelope/xxhash64.js';
import { frameHead, MAX_BLOCK_BYTES, rawBlock } from '../src/envelope/zstd-frame.js';
import {
  type C1ZManifestV3Schema,
  type IndexedFrameIndexSchema,
  PayloadEncoding,
} from '../src/gen/c1/c1z/v3/manifest_pb.js';
import type { Files } from './format3-databases.js';

export type Encoding = 'tar' | 'tar_zstd' | 'indexed';

const ENCODINGS = {
  tar: PayloadEncoding.TAR,
  tar_zstd: PayloadEncoding.TAR_ZSTD,
  indexed: PayloadEncoding.INDEXED_ZSTD,
} as const;

export interface Format3 {
  readonly engine: string;
  readonly encoding: Encoding;
  readonly files: Files;
  /** Further fields of the manifest. */
  readonly manifest?: MessageInitShape<typeof C1ZManifestV3Schema>;
  /** Changes the index before it is encoded. */
  readonly changeIndex?: (index: MessageInitShape<typeof IndexedFrameIndexSchema>) => void;
}

/** Encodes a file. `loadXxhash` must have fulfilled before. */
export function encodeFormat3(format3: Format3): Uint8Array {
  const { engine, encoding, files } = format3;
  const { head, manifest } = encodeHead({
    engine,
    engineSchemaVersion: 24,
    payloadEncoding: ENCODINGS[encoding],
    ...format3.manifest,
  });
  if (encoding === 'tar') return concat([head, encodeTar(files)]);
  if (encoding === 'tar_zstd') return concat([head, encodeFrame(encodeTar(files))]);
  const parts: Uint8Array[] = [head];
  let offset = head.length;
  const entries = [...files].sort().map(([name, bytes]) => {
    const frame = encodeFrame(bytes);
    parts.push(frame);
    offset += frame.length;
    return {
      name,
      frameOffset: BigInt(offset - frame.length),
      compressedSize: BigInt(frame.length),
      rawSize: BigInt(bytes.length),
      rawXxh64: xxhash64(bytes),
      rawSha256: new Uint8Array(createHash('sha256').update(bytes).digest()),
    };
  });
  const index: MessageInitShape<typeof IndexedFrameIndexSchema> = {
    entries,
    manifestXxh64: xxhash64(manifest),
  };
  format3.changeIndex?.(index);
  parts.push(encodeFrameIndex(offset, index));
  return concat(parts);
}

function encodeFrame(bytes: Uint8Array): Uint8Array {
  const parts = [frameHead()];
  for (let start = 0; start < bytes.length; start += MAX_BLOCK_BYTES) {
    parts.push(rawBlock(bytes.subarray(start, start + MAX_BLOCK_BYTES), false));
  }
  return concat([...parts, rawBlock(new Uint8Array(0), true)]);
}

const BLOCK_BYTES = 512;

/** Encodes a plain tar as Go does. */
export function encodeTar(files: Files): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, bytes] of [...files].sort()) {
    parts.push(tarHeader(name, bytes.length), bytes, padding(bytes.length));
  }
  return concat([...parts, new Uint8Array(2 * BLOCK_BYTES)]);
}

export interface TarHeaderOptions {
  readonly type?: string;
  readonly mode?: number;
}

export function tarHeader(
  name: string,
  sizeBytes: number,
  { type = '0', mode = 0o644 }: TarHeaderOptions = {},
): Uint8Array {
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0, 100, 'utf8');
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(type, 156);
  header.write('ustar\x0000', 257);
  let sum = 0;
  for (let at = 0; at < BLOCK_BYTES; at += 1) sum += header[at] ?? 0;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return new Uint8Array(header);
}

function padding(length: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
