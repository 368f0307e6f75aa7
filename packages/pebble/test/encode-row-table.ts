// Encodes tables of Pebble's versions 0 (LevelDB) to 4 with uncompressed row blocks. It writes entries as they
// are, sorted or not.

import { maskedChecksum } from '@sstitch/sst/file-format';
import { ByteWriter, text } from './byte-writer.js';

export interface RowPoint {
  readonly key: string;
  readonly sequence: number;
  /** The kind; undefined means SET. */
  readonly kind?: number;
  readonly value?: string | undefined;
  /** Marks the value as the handle of a value in a value block. */
  readonly isExternal?: boolean;
}

export interface RowDeletion {
  readonly start: string;
  readonly end: string;
  readonly sequence: number;
}

export interface RowTable {
  readonly points: readonly RowPoint[];
  readonly rangeDeletions?: readonly RowDeletion[];
  /** @defaultValue 1 */
  readonly version?: 0 | 1 | 2 | 3 | 4;
  /** @defaultValue 4 */
  readonly pointsInBlock?: number;
  /** The separators of the data blocks; by default their last keys. */
  readonly separators?: readonly string[];
  /** Further entries of the metaindex. */
  readonly meta?: readonly string[];
  /** Separators of empty data blocks after the others. */
  readonly emptyBlocks?: readonly string[];
  /** The compression that each block claims; the bytes are uncompressed. */
  readonly compression?: number;
  readonly properties?: readonly (readonly [string, string])[];
}

type RowEntry = readonly [Uint8Array, Uint8Array];

const SET = 1;
const RANGE_DELETE = 15;
const LEVELDB_MAGIC = '57fb808b247547db';
const PEBBLE_MAGIC = 'f09faab3f09faab3';

function internalKey(key: string, sequence: number, kind: number): Uint8Array {
  const trailer = (BigInt(sequence) << 8n) | BigInt(kind);
  return new ByteWriter().raw(text(key)).uint64(trailer).done();
}

/** Encodes a row block. */
function encodeRowBlock(entries: readonly RowEntry[]): Uint8Array {
  const block = new ByteWriter();
  let last: Uint8Array = new Uint8Array(0);
  for (const [key, value] of entries) {
    let shared = 0;
    while (shared < last.length && last[shared] === key[shared] && shared < key.length) shared += 1;
    block
      .uvarint(shared)
      .uvarint(key.length - shared)
      .uvarint(value.length);
    block.raw(key.subarray(shared), value);
    last = key;
  }
  return block.uint32(0).uint32(1).done();
}

export function encodeRowTable(table: RowTable): Uint8Array {
  const { points, rangeDeletions = [], version = 1, pointsInBlock = 4, compression = 0 } = table;
  const file = new ByteWriter();
  const append = (contents: Uint8Array): Uint8Array => {
    const handle = new ByteWriter().uvarint(file.length).uvarint(contents.length).done();
    const stored = new ByteWriter().raw(contents).byte(compression).done();
    file.raw(stored).uint32(maskedChecksum(stored));
    return handle;
  };
  const index: RowEntry[] = [];
  for (let start = 0; start < points.length; start += pointsInBlock) {
    const entries = points.slice(start, start + pointsInBlock).map(rowOf(version));
    const [lastKey] = entries.at(-1) as RowEntry;
    const separator = table.separators?.[index.length];
    const indexKey = separator === undefined ? lastKey : internalKey(separator, 0, SET);
    index.push([indexKey, append(encodeRowBlock(entries))]);
  }
  for (const separator of table.emptyBlocks ?? []) {
    index.push([internalKey(separator, 0, 1), append(encodeRowBlock([]))]);
  }
  const meta: RowEntry[] = (table.meta ?? []).map((name) => [
    text(name),
    append(encodeRowBlock([])),
  ]);
  if (rangeDeletions.length > 0) {
    const deletions = rangeDeletions.map(({ start, end, sequence }): RowEntry => {
      return [internalKey(start, sequence, RANGE_DELETE), text(end)];
    });
    meta.push([text('rocksdb.range_del2'), append(encodeRowBlock(deletions))]);
  }
  if (table.properties !== undefined) {
    const rows = table.properties.map(([name, value]): RowEntry => [text(name), text(value)]);
    meta.push([text('rocksdb.properties'), append(encodeRowBlock(rows))]);
  }
  const metaindex = append(encodeRowBlock(meta));
  const indexHandle = append(encodeRowBlock(index));
  return file.raw(encodeFooter(version, metaindex, indexHandle)).done();
}

function rowOf(version: number): (point: RowPoint) => RowEntry {
  return ({ key, sequence, kind = SET, value = '', isExternal = false }) => {
    const prefix = version >= 3 && (kind & ~64) === SET ? [isExternal ? 0x80 : 0] : [];
    return [internalKey(key, sequence, kind), new ByteWriter().raw(prefix, text(value)).done()];
  };
}

export function encodeFooter(
  version: number,
  metaindex: Uint8Array,
  index: Uint8Array,
  checksumType = 1,
): Uint8Array {
  const footer = new ByteWriter();
  if (version > 0) footer.byte(checksumType);
  footer.raw(metaindex, index);
  const handlesEnd = version === 0 ? 40 : 41;
  footer.raw(new Uint8Array(handlesEnd - footer.length));
  if (version === 0) return footer.raw(Buffer.from(LEVELDB_MAGIC, 'hex')).done();
  return footer.uint32(version).raw(Buffer.from(PEBBLE_MAGIC, 'hex')).done();
}
