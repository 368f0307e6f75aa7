// Reads and writes the end of an indexed payload. All numbers are big-endian.
//
//   frame…     one zstd frame for each file
//   index      a message c1.c1z.v3.IndexedFrameIndex, at most 64 MiB
//   u64        offset of the index in the file
//   u32        length of the index
//   u64        XXH64 of the index
//   8 bytes    43 31 5A 49 44 58 31 00 ("C1ZIDX1\0"), the end of the file
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { C1zError, type C1zErrorCode, messageOf } from '../errors.js';
import { IndexedFrameEntrySchema, IndexedFrameIndexSchema } from '../gen/c1/c1z/v3/manifest_pb.js';
import type { C1zLimits } from '../options.js';
import { checkDecodedSize } from './decode-zstd.js';
import { type InputFile, readExactly } from './input-range.js';
import type { Manifest } from './manifest.js';
import { checkPayloadName, MAX_PAYLOAD_FILES } from './payload-names.js';
import { xxhash64 } from './xxhash64.js';

/** The most bytes in an index. */
const MAX_INDEX_BYTES = 64 * 2 ** 20;

const FOOTER_MAGIC = new TextEncoder().encode('C1ZIDX1\0');
const FOOTER_BYTES = 8 + 4 + 8 + FOOTER_MAGIC.length;
const SHA256_BYTES = 32;
const PART = 'index';

/** A file of the payload and its frame. */
export interface Frame {
  readonly name: string;
  /** The start of the frame in the .c1z file. */
  readonly start: number;
  readonly end: number;
  /** The size of the decoded frame. */
  readonly sizeBytes: number;
  readonly xxhash64: bigint;
}

/**
 * Reads the index.
 * @throws C1zError SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE, SSTITCH_FILE_OPERATION
 */
export function readFrameIndex(
  file: InputFile,
  manifest: Manifest,
  limits: Pick<C1zLimits, 'maxDecodedBytes' | 'maxDecodedRatio'>,
): ReadonlyMap<string, Frame> {
  const { start, end } = readFooter(file, manifest.payloadStart);
  const bytes = readExactly({ file, part: PART, start, end }, start, end - start);
  const footer = readExactly(
    { file, part: PART, start: end, end: file.fileBytes },
    end,
    FOOTER_BYTES,
  );
  if (xxhash64(bytes) !== new DataView(footer.buffer).getBigUint64(12)) {
    throw refusal(file, start, 'the index does not match its checksum');
  }
  const frames = new Map<string, Frame>();
  let decodedBytes = 0;
  const reader = new BinaryReader(bytes);
  const { entries, manifestXxh64 } = IndexedFrameIndexSchema.field;
  try {
    while (reader.pos < reader.len) {
      const offset = start + reader.pos;
      const [field, wireType] = reader.tag();
      if (field === entries.number && wireType === WireType.LengthDelimited) {
        const frame = frameOf(reader.bytes(), file, offset, manifest.payloadStart, start);
        if (frames.has(frame.name)) {
          throw refusal(file, offset, `two files are named ${JSON.stringify(frame.name)}`);
        }
        if (frames.size === MAX_PAYLOAD_FILES) {
          throw refusal(
            file,
            offset,
            `there are more than ${MAX_PAYLOAD_FILES} files`,
            'SSTITCH_C1Z_TOO_LARGE',
          );
        }
        frames.set(frame.name, frame);
        decodedBytes += frame.sizeBytes;
        checkDecodedSize(decodedBytes, { file, part: PART }, limits);
      } else if (field === manifestXxh64.number && wireType === WireType.Bit64) {
        const recorded = BigInt(reader.fixed64());
        if (recorded !== 0n && recorded !== xxhash64(manifest.bytes)) {
          throw refusal(file, offset, 'the manifest does not match its checksum in the index');
        }
      } else {
        reader.skip(wireType, field);
      }
    }
    if (reader.pos > reader.len) throw new RangeError('it is truncated');
  } catch (cause) {
    if (cause instanceof C1zError) throw cause;
    throw refusal(
      file,
      start,
      `the index is not a ${IndexedFrameIndexSchema.typeName}: ${messageOf(cause)}`,
    );
  }
  return frames;
}

/** Reads the start and the end of the index. */
function readFooter(file: InputFile, payloadStart: number): { start: number; end: number } {
  const end = file.fileBytes - FOOTER_BYTES;
  if (end < payloadStart) {
    throw refusal(
      file,
      payloadStart,
      'the payload has no room for the end of an index: the file was truncated',
    );
  }
  const footer = readExactly(
    { file, part: PART, start: end, end: file.fileBytes },
    end,
    FOOTER_BYTES,
  );
  const view = new DataView(footer.buffer);
  if (!FOOTER_MAGIC.every((byte, at) => byte === footer[FOOTER_BYTES - FOOTER_MAGIC.length + at])) {
    throw refusal(
      file,
      end,
      'the file does not end as an indexed payload does: it was truncated, or bytes were added',
    );
  }
  const start = view.getBigUint64(0);
  const length = view.getUint32(8);
  if (length > MAX_INDEX_BYTES) {
    throw refusal(
      file,
      end,
      `the index claims ${length} bytes, but ${MAX_INDEX_BYTES} is the limit`,
      'SSTITCH_C1Z_TOO_LARGE',
    );
  }
  if (start < BigInt(payloadStart) || start + BigInt(length) !== BigInt(end)) {
    throw refusal(
      file,
      end,
      `the index is at byte ${start} with ${length} bytes, which does not fit in the file`,
    );
  }
  return { start: Number(start), end };
}

function frameOf(
  bytes: Uint8Array,
  file: InputFile,
  offset: number,
  payloadStart: number,
  payloadEnd: number,
): Frame {
  const entry = fromBinary(IndexedFrameEntrySchema, bytes, { readUnknownFields: false });
  const { name, frameOffset, compressedSize, rawSize, rawXxh64, rawSha256 } = entry;
  checkPayloadName(name, { path: file.path, part: PART, offset });
  const isInside =
    frameOffset >= BigInt(payloadStart) &&
    compressedSize > 0n &&
    frameOffset + compressedSize <= BigInt(payloadEnd);
  if (!isInside) {
    throw refusal(
      file,
      offset,
      `the frame of ${name} is at byte ${frameOffset} with ${compressedSize} bytes, outside the payload`,
    );
  }
  if (rawSize < 0n || rawSize > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refusal(file, offset, `${name} has the size ${rawSize}`);
  }
  // Baton does not verify the SHA-256, only the XXH64; nor does this reader.
  if (rawSha256.length !== SHA256_BYTES) {
    throw refusal(
      file,
      offset,
      `the SHA-256 of ${name} has ${rawSha256.length} bytes, not ${SHA256_BYTES}`,
    );
  }
  const start = Number(frameOffset);
  return {
    name,
    start,
    end: start + Number(compressedSize),
    sizeBytes: Number(rawSize),
    xxhash64: rawXxh64,
  };
}

function refusal(
  { path }: InputFile,
  offset: number,
  problem: string,
  code: C1zErrorCode = 'SSTITCH_C1Z_CORRUPT',
): C1zError {
  return new C1zError(code, `${problem}; copy the file again from its origin`, {
    path,
    part: PART,
    offset,
  });
}

/** Encodes the end of a payload whose frames end at byte `start` of the file. */
export function encodeFrameIndex(
  start: number,
  init: MessageInitShape<typeof IndexedFrameIndexSchema>,
): Uint8Array {
  const index = toBinary(IndexedFrameIndexSchema, create(IndexedFrameIndexSchema, init));
  const bytes = new Uint8Array(index.length + FOOTER_BYTES);
  bytes.set(index);
  const view = new DataView(bytes.buffer, index.length);
  view.setBigUint64(0, BigInt(start));
  view.setUint32(8, index.length);
  view.setBigUint64(12, xxhash64(index));
  bytes.set(FOOTER_MAGIC, index.length + 20);
  return bytes;
}
