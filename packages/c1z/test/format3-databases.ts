// Creates the Pebble databases of format 3 files, in all layouts of keys, for tests.
import { compareBytes } from '@sstitch/contract';
import { parseSyncId } from '@sstitch/keys';
import { type Entry, writePebbleDatabase } from '@sstitch/pebble';
import { encodeRecord, SyncIdField, type SyncRecord, type ValueBucket } from '@sstitch/records';
import { maskedChecksum } from '@sstitch/sst/file-format';
import { indexKeys } from '../src/format3/index-keys.js';
import {
  bucketPrefix,
  ID_FORMAT_KEY,
  KEYSPACE_VERSION_KEY,
  type KeyLayout,
  keyParts,
  recordKey,
  STAMP,
} from '../src/format3/key-layout.js';

/** The files of a payload by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

const NO_VALUE = new Uint8Array(0);

/** The entries of records in Baton's layouts. */
export function layoutEntries(
  layout: KeyLayout,
  records: readonly (readonly [ValueBucket, SyncRecord])[],
): Entry[] {
  const entries: Entry[] = [];
  const withoutSyncId = new SyncIdField('');
  for (const [bucket, record] of records) {
    const prefix = bucketPrefix(layout, bucket, parseSyncId(record.syncId));
    const parts = keyParts(layout, record);
    const value = encodeRecord(record);
    const keepsSyncId = layout === 'v1' || ['asset', 'sync_run', 'sync_stats'].includes(bucket);
    entries.push({
      key: recordKey(prefix, parts),
      value: keepsSyncId ? value : withoutSyncId.put(value),
    });
    if (layout !== 'pebble3') continue;
    entries.push(...indexKeys(record, parts).map((key) => ({ key, value: NO_VALUE })));
  }
  if (layout !== 'v1') entries.push({ key: KEYSPACE_VERSION_KEY, value: STAMP });
  if (layout === 'pebble3') entries.push({ key: ID_FORMAT_KEY, value: STAMP });
  return entries.sort((a, b) => compareBytes(a.key, b.key));
}

/** Creates a database with its entries in a table. */
export async function tableDatabase(entries: readonly Entry[]): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  await writePebbleDatabase(
    ({ name, chunks }) => {
      files.set(name, new Uint8Array(Buffer.concat(chunks)));
    },
    entries,
    { formatVersion: 24, current: false, blockSizeBytes: 2048 },
  );
  return files;
}

/** Creates a database without tables, whose entries are in a WAL, as in files of the first layout. */
export function walDatabase(entries: readonly Entry[]): Files {
  const batch = [uint64(1), uint32(entries.length)];
  for (const { key, value } of entries)
    batch.push(Uint8Array.of(1), lengthOf(key), key, lengthOf(value), value);
  const comparer = new TextEncoder().encode('leveldb.BytewiseComparator');
  const edit = [
    Uint8Array.of(1),
    lengthOf(comparer),
    comparer,
    Uint8Array.of(2, 2, 9, 0, 3, 3, 4, 0),
  ];
  return new Map([
    ['000002.log', logOf(concat(batch))],
    ['MANIFEST-000001', logOf(concat(edit))],
    ['marker.format-version.000001.024', NO_VALUE],
    ['marker.manifest.000001.MANIFEST-000001', NO_VALUE],
  ]);
}

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;

/** Encodes a log of one record in chunks of types 1 to 4. */
function logOf(record: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  const room = BLOCK_BYTES - HEADER_BYTES;
  for (let start = 0; start === 0 || start < record.length; start += room) {
    const payload = record.subarray(start, start + room);
    const isLast = start + room >= record.length;
    // The types full, first, middle and last.
    const type = start === 0 ? (isLast ? 1 : 2) : isLast ? 4 : 3;
    const checked = concat([Uint8Array.of(type), payload]);
    parts.push(uint32(maskedChecksum(checked)), uint16(payload.length), checked);
  }
  return concat(parts);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function uint64(value: number): Uint8Array {
  return concat([uint32(value), uint32(0)]);
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const varint: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...varint, rest]);
    varint.push((rest & 0x7f) | 0x80);
  }
}
