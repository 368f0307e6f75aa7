// Decodes an entry of a store for people and programs.
import { classifyKey, toHex } from '@sstitch/keys';
import { recordObject } from '@sstitch/lines/record-object';
import { decodeRecord, isValueBucket, RecordsError } from '@sstitch/records';
import { isInBucket } from '../stores/bucket-keyspace.js';

/** An entry as --json prints it. Keys and values are hex. */
export interface EntryObject {
  readonly key: string;
  /**
   * The bucket; `reserved` for a reserved range, `none` for a key outside every bucket, `malformed` for one
   * that does not match the layout of its bucket.
   */
  readonly bucket: string;
  readonly syncId?: string;
  /** The elements of the key after the sync id. */
  readonly elements?: readonly string[];
  /** The decoded value. */
  readonly record?: unknown;
  /** The undecoded value in hex; with --raw, or if it cannot be decoded. */
  readonly value?: string;
  /** What is wrong with the key or the value. */
  readonly problem?: string;
}

/** Decodes as much of an entry as it can; never throws on bad bytes. */
export function describeEntry(key: Uint8Array, value: Uint8Array, raw: boolean): EntryObject {
  const hexKey = toHex(key);
  const classified = classifyKey(key);
  if (classified.kind === 'reserved') {
    return { key: hexKey, bucket: 'reserved', elements: [classified.range], value: toHex(value) };
  }
  if (classified.kind === 'malformed') {
    if (!isInBucket(key)) return { key: hexKey, bucket: 'none', value: toHex(value) };
    const problem = classified.problem.message;
    return { key: hexKey, bucket: 'malformed', value: toHex(value), problem };
  }
  const { bucket, syncId, elements } = classified.key;
  const head = { key: hexKey, bucket, syncId, elements };
  if (raw || (!isValueBucket(bucket) && value.length > 0)) return { ...head, value: toHex(value) };
  if (!isValueBucket(bucket)) return head;
  try {
    const decoded = decodeRecord(bucket, key, value);
    const { record, value: kept } = recordObject(bucket, decoded, value);
    return record === undefined
      ? { ...head, value: toHex(value) }
      : { ...head, record, ...(kept === undefined ? {} : { value: toHex(value) }) };
  } catch (error) {
    if (!(error instanceof RecordsError)) throw error;
    return { ...head, value: toHex(value), problem: error.message };
  }
}

/** Formats an entry as one line. */
export function entryLine({
  key,
  bucket,
  syncId,
  elements,
  record,
  value,
  problem,
}: EntryObject): string {
  const ids =
    bucket === 'none'
      ? shownKey(key)
      : (elements ?? []).map((element) => JSON.stringify(element)).join(' ');
  const what = record === undefined ? (value ?? '') : JSON.stringify(record);
  const parts = [bucket, syncId ?? '', ids, what, problem === undefined ? '' : `! ${problem}`];
  return parts.filter((part) => part !== '').join('  ');
}

/** Shows a foreign key as text if it is text, and in hex otherwise. */
function shownKey(hexKey: string): string {
  const text = Buffer.from(hexKey, 'hex').toString('latin1');
  return /^[\x20-\x7e]+$/.test(text) ? JSON.stringify(text) : hexKey;
}
