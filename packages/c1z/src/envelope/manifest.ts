// Reads and writes the head of a .c1z file of format 3. All numbers are big-endian.
//
//   5 bytes    43 31 5A 33 00 ("C1Z3\0")
//   u32        length of the manifest, at most 16 MiB
//   manifest   a message c1.c1z.v3.C1ZManifestV3
//   payload    in the encoding that the manifest's field payload_encoding states
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { C1zError, messageOf } from '../errors.js';
import { C1ZManifestV3Schema, PayloadEncoding } from '../gen/c1/c1z/v3/manifest_pb.js';
import { FORMAT_3_MAGIC, MAGIC_BYTES } from '../magic.js';
import { type InputFile, type InputRange, readExactly } from './input-range.js';

/** The most bytes in a manifest. */
const MAX_MANIFEST_BYTES = 16 * 2 ** 20;

const LENGTH_BYTES = 4;
const MANIFEST_START = MAGIC_BYTES + LENGTH_BYTES;
const PART = 'manifest';

/** The parts of a manifest that a reader needs. */
export interface Manifest {
  /** The engine that wrote the payload, such as 'pebble3'. */
  readonly engine: string;
  readonly payloadEncoding: number;
  /** The encoded manifest. */
  readonly bytes: Uint8Array;
  /** The offset of the payload in the file. */
  readonly payloadStart: number;
}

/**
 * Reads the manifest. Decodes only the needed fields, because there may be 16 MiB of others.
 * @throws C1zError SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE, SSTITCH_FILE_OPERATION
 */
export function readManifest(file: InputFile): Manifest {
  const range: InputRange = { file, part: PART, start: 0, end: file.fileBytes };
  const head = readExactly(range, MAGIC_BYTES, LENGTH_BYTES);
  const length = new DataView(head.buffer).getUint32(0);
  const { path } = file;
  if (length > MAX_MANIFEST_BYTES) {
    throw new C1zError(
      'SSTITCH_C1Z_TOO_LARGE',
      `the manifest claims ${length} bytes, but ${MAX_MANIFEST_BYTES} is the limit: the file is damaged or not a .c1z file`,
      { path, part: PART, offset: MAGIC_BYTES },
    );
  }
  const bytes = readExactly(range, MANIFEST_START, length);
  const payloadStart = MANIFEST_START + length;
  try {
    return { ...fieldsOf(bytes), bytes, payloadStart };
  } catch (cause) {
    throw new C1zError(
      'SSTITCH_C1Z_CORRUPT',
      `the manifest is not a ${C1ZManifestV3Schema.typeName}: ${messageOf(cause)}; copy the file again from its origin`,
      { path, part: PART, offset: MANIFEST_START, cause },
    );
  }
}

function fieldsOf(bytes: Uint8Array): { engine: string; payloadEncoding: number } {
  const { engine, payloadEncoding } = C1ZManifestV3Schema.field;
  const found = { engine: '', payloadEncoding: PayloadEncoding.UNSPECIFIED as number };
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === engine.number && wireType === WireType.LengthDelimited) {
      found.engine = reader.string();
    } else if (field === payloadEncoding.number && wireType === WireType.Varint) {
      found.payloadEncoding = reader.int32();
    } else {
      reader.skip(wireType, field);
    }
  }
  if (reader.pos > reader.len) throw new RangeError('it is truncated');
  return found;
}

/** Encodes the head of a file up to its payload; also returns the manifest in it. */
export function encodeHead(init: MessageInitShape<typeof C1ZManifestV3Schema>): {
  readonly head: Uint8Array;
  readonly manifest: Uint8Array;
} {
  const manifest = toBinary(C1ZManifestV3Schema, create(C1ZManifestV3Schema, init));
  const head = new Uint8Array(MANIFEST_START + manifest.length);
  head.set(FORMAT_3_MAGIC);
  new DataView(head.buffer).setUint32(MAGIC_BYTES, manifest.length);
  head.set(manifest, MANIFEST_START);
  return { head, manifest };
}
