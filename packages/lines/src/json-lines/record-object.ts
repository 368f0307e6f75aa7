// Converts a record to the object of a line and back; docs/formats/json-lines.md describes the whole format.
//
//   {"type":"grant","record":{"sync_id":"…","external_id":"…",…}}
//   {"type":"grant","record":{…},"value":"<base64>"}
//
// type    the bucket: resource_type, resource, entitlement, grant, asset, sync_run, sync_stats
// record  the message in protobuf's JSON form, with field names as in the .proto file, except that annotations are
//         {"type_url","value"} with the bytes in base64, because their types belong to the connectors
// value   the stored bytes in base64; present only if the JSON form would not restore them, for example because a
//         later version of the message has more fields
//
// So a record that is written and read again has the same bytes.

import { isDeepStrictEqual } from 'node:util';
import { create, fromJson, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import { equalBytes } from '@sstitch/contract';
import {
  decodeRecord,
  encodeRecord,
  isValueBucket,
  RECORD_SCHEMAS,
  type SyncRecord,
  type ValueBucket,
} from '@sstitch/records';

/** The object of a record's line. */
export interface RecordObject {
  /** The bucket of the record. */
  readonly type: ValueBucket;
  /** The message in Protobuf's JSON form. */
  readonly record?: JsonObject;
  /** The stored bytes in base64, for a record whose bytes the JSON form cannot reproduce. */
  readonly value?: string;
}

/** A record as read from a line. */
export interface LineRecord {
  /** The bucket in which the record is stored. */
  readonly bucket: ValueBucket;
  /** The decoded message. */
  readonly record: SyncRecord;
  /** The bytes to store, if they differ from those of `encodeRecord`. */
  readonly value: Uint8Array | undefined;
}

/** Thrown if an object is not a record. */
export class InvalidRecord extends Error {
  /** The path of names from the object of the line to the fault. */
  readonly at: readonly string[];

  constructor(problem: string, at: readonly string[], cause?: unknown) {
    super(problem, { cause });
    this.at = at;
  }
}

/**
 * Converts a stored record to an object for JSON.
 *
 * @param record the message that `value` decodes to
 */
export function recordObject(
  bucket: ValueBucket,
  record: SyncRecord,
  value: Uint8Array,
): RecordObject {
  let json: JsonObject;
  try {
    json = recordJson(bucket, record);
    // The text of a profile may lose parts of its numbers that the object holds.
    const read = 'profile' in json ? (plain(json) as JsonObject) : json;
    if (equalBytes(encodeRecord(recordFromJson(bucket, read)), value)) {
      return { type: bucket, record: json };
    }
  } catch {
    // JSON cannot express the record (a time out of range, NaN), but the bytes can.
    return { type: bucket, value: toBase64(value) };
  }
  return { type: bucket, record: json, value: toBase64(value) };
}

/** Converts a record to protobuf's JSON form as lines use it. @throws Error if JSON cannot express the record */
function recordJson(bucket: ValueBucket, record: SyncRecord): JsonObject {
  const annotations = 'annotations' in record ? record.annotations : [];
  const bare = annotations.length === 0 ? record : { ...record, annotations: [] };
  const json = toJson(RECORD_SCHEMAS[bucket], bare, { useProtoFieldName: true }) as JsonObject;
  if (annotations.length === 0) return json;
  return {
    ...json,
    annotations: annotations.map(({ typeUrl, value }) => ({
      type_url: typeUrl,
      value: toBase64(value),
    })),
  };
}

/**
 * Converts the object of a line to a record. Does not check its ids.
 * @throws InvalidRecord
 */
export function recordOfObject(object: Readonly<Record<string, unknown>>): LineRecord {
  const { type, record: json, value, ...others } = object;
  if (typeof type !== 'string' || !isValueBucket(type as ValueBucket)) {
    const known = Object.keys(RECORD_SCHEMAS).join(', ');
    throw new InvalidRecord(`"type" is not one of ${known}`, ['type']);
  }
  const bucket = type as ValueBucket;
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new InvalidRecord(`a record has no ${JSON.stringify(other)}`, [other]);
  if (json !== undefined && !isObject(json)) {
    throw new InvalidRecord('"record" is not an object', ['record']);
  }
  if (value === undefined) {
    if (json === undefined) throw new InvalidRecord('it has no "record"', []);
    return { bucket, record: checkedRecord(bucket, json as JsonObject), value: undefined };
  }
  return recordOfValue(bucket, value, json as JsonObject | undefined);
}

function recordOfValue(
  bucket: ValueBucket,
  text: unknown,
  json: JsonObject | undefined,
): LineRecord {
  let value: Uint8Array;
  let record: SyncRecord;
  try {
    if (typeof text !== 'string') throw new Error('it is not a string');
    value = fromBase64(text);
    record = decodeRecord(bucket, new Uint8Array(0), value);
  } catch (cause) {
    throw new InvalidRecord(`"value" is not a ${bucket} record in base64`, ['value'], cause);
  }
  // One of the two was edited, and which one is meant is unknown.
  if (json !== undefined && !isDeepStrictEqual(json, plain(recordJson(bucket, record)))) {
    throw new InvalidRecord(
      '"record" and "value" are not the same record: remove the outdated one',
      ['record'],
    );
  }
  return { bucket, record, value };
}

/** Parses and checks a record. @throws InvalidRecord that names the field */
function checkedRecord(bucket: ValueBucket, json: JsonObject): SyncRecord {
  try {
    return recordFromJson(bucket, json);
  } catch (cause) {
    for (const [name, part] of Object.entries(json)) {
      try {
        recordFromJson(bucket, { [name]: part });
      } catch (partCause) {
        throw new InvalidRecord(messageOf(partCause), ['record', name], partCause);
      }
    }
    throw new InvalidRecord(messageOf(cause), ['record'], cause);
  }
}

function recordFromJson(bucket: ValueBucket, json: JsonObject): SyncRecord {
  const { annotations, ...bare } = json;
  const record = fromJson(RECORD_SCHEMAS[bucket], bare) as SyncRecord;
  if (annotations === undefined) return record;
  if (!('annotations' in record)) throw new Error(`a ${bucket} has no annotations`);
  return { ...record, annotations: annotationsOf(annotations) };
}

function annotationsOf(json: JsonValue): Any[] {
  if (!Array.isArray(json)) throw new Error('annotations is not an array');
  return json.map((annotation) => {
    if (!isObject(annotation)) throw new Error('an annotation is not an object');
    // Lines without a header use the name `typeUrl`.
    const { type_url: name, typeUrl = name, value } = annotation;
    if (typeof typeUrl !== 'string' || typeof value !== 'string') {
      throw new Error('an annotation lacks type_url or value');
    }
    return create(AnySchema, { typeUrl, value: fromBase64(value) });
  });
}

/** Whether a parsed JSON value is an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Converts an object to JSON and back, which removes prototypes, `undefined` and -0. */
function plain(json: JsonObject): unknown {
  return JSON.parse(JSON.stringify(json));
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // Buffer.from skips invalid characters, so the result is encoded again and compared.
  if (bytes.toString('base64') !== text) throw new Error('a value is not base64');
  return new Uint8Array(bytes);
}

/** The text of protobuf's error without the name of the message type, which lines do not use. */
function messageOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/^cannot decode (message|field) [\w.]+ from JSON: /, '');
}
