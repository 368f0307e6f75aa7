import { maskedChecksum } from '@sstitch/sst/file-format';
import { ByteWriter } from './byte-writer.js';

const BLOCK_BYTES = 32 * 1024;

export type ChunkFormat = 'legacy' | 'recyclable' | 'sync';

const FORMATS = {
  legacy: { headerBytes: 7, firstType: 1 },
  recyclable: { headerBytes: 11, firstType: 5 },
  sync: { headerBytes: 19, firstType: 9 },
} as const;

/** Encodes a chunk; `position` is 0 full, 1 first, 2 middle, 3 last. */
export function encodeChunk(
  payload: Uint8Array,
  position: number,
  format: ChunkFormat,
  logNumber: number,
): Uint8Array {
  const body = new ByteWriter().byte(FORMATS[format].firstType + position);
  if (format !== 'legacy') body.uint32(logNumber);
  if (format === 'sync') body.uint64(0);
  const checked = body.raw(payload).done();
  return new ByteWriter()
    .uint32(maskedChecksum(checked))
    .uint16(payload.length)
    .raw(checked)
    .done();
}

/** Encodes a log of these records. */
export function encodeLog(
  records: readonly Uint8Array[],
  format: ChunkFormat = 'legacy',
  logNumber = 0,
): Uint8Array {
  const { headerBytes } = FORMATS[format];
  const parts: Uint8Array[] = [];
  let used = 0;
  const push = (bytes: Uint8Array) => {
    parts.push(bytes);
    used += bytes.length;
  };
  for (const record of records) {
    let start = 0;
    let isFirst = true;
    for (;;) {
      const left = BLOCK_BYTES - (used % BLOCK_BYTES);
      if (left < headerBytes) {
        push(new Uint8Array(left));
        continue;
      }
      const length = Math.min(record.length - start, left - headerBytes);
      const isLast = start + length === record.length;
      const position = isFirst ? (isLast ? 0 : 1) : isLast ? 3 : 2;
      push(encodeChunk(record.subarray(start, start + length), position, format, logNumber));
      start += length;
      isFirst = false;
      if (isLast) break;
    }
  }
  return new Uint8Array(Buffer.concat(parts));
}
