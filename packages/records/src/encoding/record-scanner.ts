// Finds, in the bytes of a record, the fields that make its key, its index entries and its count: decoding it
// to objects takes ten times as long. Accepts only plain bytes, as encoders write them:
//
//   fields   known fields in the order of their numbers, each once unless it is repeated; unknown fields anywhere after
//            sync_id, if that is there
//   numbers  tags of one or two bytes, lengths of at most four
//   texts    UTF-8; in keys, without the bytes 00 and 01, which keys escape, and without a byte order mark, which
//            decoders drop
//
// Invariant: accepted bytes decode to a record with exactly the found fields. The caller must decode other bytes.

import type { Bucket } from '@sstitch/keys';
import { type CountedBucket, RECORD_SCHEMAS } from '../record-types.js';
import {
  FIXED_32,
  FIXED_64,
  LENGTH_DELIMITED,
  type MessagePlan,
  scanPlan,
  VARINT,
} from './scan-plan.js';
import {
  COUNTED_TYPE_FIELD,
  MAX_SCANNED_FIELDS,
  SCANNED_FIELDS,
  type ScannedField,
  SYNC_ID,
} from './scanned-fields.js';

const MAX_VARINT_BYTES = 10;
const MAX_LENGTH_BYTES = 4;
/** The deepest nesting, far above that of records; decoders have a limit too. */
const MAX_DEPTH = 32;
/** Keys escape this byte and all below it. */
const LAST_ESCAPED = 1;
/** The first byte of U+FEFF. */
const MARK = 0xef;
const ABSENT = -1;
/** Field 1, length-delimited. */
const SYNC_ID_TAG = 0x0a;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const PLANS: ReadonlyMap<Bucket, MessagePlan> = new Map(
  Object.entries(SCANNED_FIELDS).map(([name, asked]) => {
    const bucket = name as CountedBucket;
    return [bucket, scanPlan(RECORD_SCHEMAS[bucket], asked)];
  }),
);

/** Scans records one after another; its members describe the last one. */
export class RecordScanner {
  /** The bucket of the last scanned record, which decides what its fields mean. */
  bucket: CountedBucket = 'grant';
  /** The record lies in `bytes` from `start` to `end`, and so do all found fields. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The offset of the record in `bytes`. */
  start = 0;
  /** The offset in `bytes` at which the record ends. */
  end = 0;
  /** The offset of the fields after `sync_id`. */
  bodyStart = 0;
  readonly #starts = new Int32Array(MAX_SCANNED_FIELDS);
  readonly #ends = new Int32Array(MAX_SCANNED_FIELDS);
  #at = 0;
  #type = '';
  #typeBytes: Uint8Array = new Uint8Array(0);

  /**
   * Finds the fields of the record in `bytes[start, end)`.
   *
   * @returns false if the bytes are not plain, or if the bucket's records have no such fields; the caller must
   * decode them
   */
  scan(bucket: Bucket, bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    const plan = PLANS.get(bucket);
    if (plan === undefined) return false;
    this.bucket = bucket as CountedBucket;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    for (let field = 0; field < MAX_SCANNED_FIELDS; field += 1) {
      this.#starts[field] = ABSENT;
      this.#ends[field] = ABSENT;
    }
    this.#at = start;
    if (!this.#message(plan, end, 0)) return false;
    if (this.has(SYNC_ID) && bytes[start] !== SYNC_ID_TAG) return false;
    this.bodyStart = Math.max(start, this.#ends[SYNC_ID] as number);
    return true;
  }

  /** Whether the field is present. An absent text equals an empty one. */
  has(field: ScannedField): boolean {
    return this.#starts[field] !== ABSENT;
  }

  /** The start of the field's content; equal to its end if the field is absent. */
  startOf(field: ScannedField): number {
    return this.#starts[field] as number;
  }

  /** The end of the field's content; equal to its start if the field is absent. */
  endOf(field: ScannedField): number {
    return this.#ends[field] as number;
  }

  /** Whether the field is absent, or present without content. */
  isEmpty(field: ScannedField): boolean {
    return this.#starts[field] === this.#ends[field];
  }

  /** Whether a flag is set. */
  isTrue(field: ScannedField): boolean {
    return this.has(field) && this.bytes[this.startOf(field)] === 1;
  }

  /** Whether the field's bytes equal `text`. */
  isSame(field: ScannedField, text: Uint8Array): boolean {
    const start = this.startOf(field);
    if (this.endOf(field) - start !== text.length) return false;
    for (let at = 0; at < text.length; at += 1) {
      if (this.bytes[start + at] !== text[at]) return false;
    }
    return true;
  }

  /** The resource type by which statistics count the record; '' if it names none. */
  countedType(): string {
    const field = COUNTED_TYPE_FIELD[this.bucket];
    if (field === undefined || this.isEmpty(field)) return '';
    // It nearly always equals that of the previous record.
    if (this.isSame(field, this.#typeBytes)) return this.#type;
    this.#typeBytes = this.bytes.slice(this.startOf(field), this.endOf(field));
    this.#type = UTF8.decode(this.#typeBytes);
    return this.#type;
  }

  /** Scans a message from `#at` to `end`. */
  #message(plan: MessagePlan, end: number, depth: number): boolean {
    const { bytes } = this;
    const { fields } = plan;
    if (depth > MAX_DEPTH) return false;
    let before = 0;
    while (this.#at < end) {
      let tag = bytes[this.#at++] as number;
      if (tag > 0x7f) {
        const high = this.#at < end ? (bytes[this.#at++] as number) : 0;
        if (high === 0 || high > 0x7f) return false;
        tag = (tag & 0x7f) | (high << 7);
      }
      const number = tag >>> 3;
      const wireType = tag & 7;
      const field = number < fields.length ? fields[number] : undefined;
      if (field === undefined) {
        if (number === 0 || !plan.takesUnknown || !this.#skip(wireType, end)) return false;
        continue;
      }
      if (wireType !== field.wireType || number < before) return false;
      if (before > 0 && (plan.isOneof || (number === before && !field.isRepeated))) return false;
      before = number;
      const contentEnd = this.#contentEnd(wireType, end);
      if (contentEnd < 0) return false;
      const start = this.#at;
      if (field.field >= 0) {
        this.#starts[field.field] = start;
        this.#ends[field.field] = contentEnd;
      }
      switch (field.content) {
        case 'message':
          if (!this.#message(field.message as MessagePlan, contentEnd, depth + 1)) return false;
          break;
        case 'key text':
          if (!isText(bytes, start, contentEnd, LAST_ESCAPED)) return false;
          break;
        case 'text':
          if (!isText(bytes, start, contentEnd, -1)) return false;
          break;
        case 'flag':
          if (contentEnd - start !== 1 || (bytes[start] as number) > 1) return false;
          break;
        case 'any':
          break;
      }
      this.#at = contentEnd;
    }
    return true;
  }

  /** Skips an unknown field. */
  #skip(wireType: number, end: number): boolean {
    const contentEnd = this.#contentEnd(wireType, end);
    if (contentEnd < 0) return false;
    this.#at = contentEnd;
    return true;
  }

  /** The end of the content at `#at`, after its length, if it has one; negative if it is not plain. */
  #contentEnd(wireType: number, end: number): number {
    let contentEnd: number;
    switch (wireType) {
      case LENGTH_DELIMITED: {
        const length = this.#length(end);
        contentEnd = length < 0 ? end + 1 : this.#at + length;
        break;
      }
      case VARINT: {
        const last = Math.min(end, this.#at + MAX_VARINT_BYTES);
        contentEnd = this.#at;
        while (contentEnd < last && (this.bytes[contentEnd] as number) > 0x7f) contentEnd += 1;
        contentEnd = contentEnd < last ? contentEnd + 1 : end + 1;
        break;
      }
      case FIXED_64:
        contentEnd = this.#at + 8;
        break;
      case FIXED_32:
        contentEnd = this.#at + 4;
        break;
      default:
        // Groups, which are obsolete.
        return ABSENT;
    }
    return contentEnd > end ? ABSENT : contentEnd;
  }

  #length(end: number): number {
    let length = 0;
    for (let shift = 0; shift < 7 * MAX_LENGTH_BYTES; shift += 7) {
      if (this.#at >= end) return ABSENT;
      const byte = this.bytes[this.#at++] as number;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) return length;
    }
    return ABSENT;
  }
}

/** Whether bytes are UTF-8 without the bytes up to `lastRefused` and, if any are refused, without a byte order mark. */
function isText(bytes: Uint8Array, start: number, end: number, lastRefused: number): boolean {
  let highest = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte <= lastRefused) return false;
    highest |= byte;
  }
  if (highest < 0x80) return true;
  if (lastRefused >= 0 && bytes[start] === MARK) return false;
  try {
    UTF8.decode(bytes.subarray(start, end));
    return true;
  } catch {
    return false;
  }
}
