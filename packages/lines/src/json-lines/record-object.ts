// A record as the object of a line, and back; the whole format is described in docs/formats/json-lines.md.
//
//   {"type":"grant","record":{"sync_id":"…","external_id":"…",…}}
//   {"type":"grant","record":{…},"value":"<base64>"}
//
// type    the bucket: resource_type, resource, entitlement, grant, asset, sync_run, sync_stats
// record  the message in protobuf's JSON form, with field names as in the .proto file; but annotations are
//         {"type_url","value"} with the bytes in base64, as their types are the connectors' own
// value   the stored bytes, in base64: only where the JSON form would not give them back, as where a later version
//         of the message has more fields
//
// So what is written and read again is the same to the byte.

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

/** A line of a record. */
export interface RecordObject {
  readonly type: ValueBucket;
  readonly record?: JsonObject;
  readonly value?: string;
}

/** What a line says. */
export interface LineRecord {
  readonly bucket: ValueBucket;
  readonly record: SyncRecord;
  /** The bytes that are to be stored, where they are not those of `encodeRecord`. */
  readonly value: Uint8Array | undefined;
}

/** Thrown where an object is no record. */
export class NoRecord extends Error {
  /** The names that lead to what is wrong, from the object of the line on. */
  readonly at: readonly string[];

  constructor(problem: string, at: readonly string[], cause?: unknown) {
    super(problem, { cause });
    this.at = at;
  }
}

/**
 * A stored record as an object for JSON.
 *
 * @param record the message of `value`
 */
export function recordObject(
  bucket: ValueBucket,
  record: SyncRecord,
  value: Uint8Array,
): RecordObject {
  let json: JsonObject;
  try {
    json = recordJson(bucket, record);
    // Of a profile's numbers the text may say less than the object.
    const read = 'profile' in json ? (plain(json) as JsonObject) : json;
    if (equalBytes(encodeRecord(recordFromJson(bucket, read)), value)) {
      return { type: bucket, record: json };
    }
  } catch {
    // A time out of JSON's range, a number that is none: the bytes say it all the same.
    return { type: bucket, value: toBase64(value) };
  }
  return { type: bucket, record: json, value: toBase64(value) };
}

/** A record in protobuf's JSON form, as a line has it. @throws Error where JSON cannot say what it holds */
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
 * The record of a line's object. Its ids are not looked at.
 * @throws NoRecord
 */
export function recordOfObject(object: Readonly<Record<string, unknown>>): LineRecord {
  const { type, record: json, value, ...others } = object;
  if (typeof type !== 'string' || !isValueBucket(type as ValueBucket)) {
    const known = Object.keys(RECORD_SCHEMAS).join(', ');
    throw new NoRecord(`"type" is not one of ${known}`, ['type']);
  }
  const bucket = type as ValueBucket;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new NoRecord(`a record has no ${JSON.stringify(other)}`, [other]);
  if (json !== undefined && !isObject(json)) {
    throw new NoRecord('"record" is not an object', ['record']);
  }
  if (value === undefined) {
    if (json === undefined) throw new NoRecord('it has no "record"', []);
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
    throw new NoRecord(`"value" is no ${bucket} record in base64`, ['value'], cause);
  }
  // One of the two was changed by hand: nobody can know which is meant.
  if (json !== undefined && !isDeepStrictEqual(json, plain(recordJson(bucket, record)))) {
    throw new NoRecord(
      '"record" and "value" are not the same record: remove the one that does not count',
      ['record'],
    );
  }
  return { bucket, record, value };
}

/** @throws NoRecord that names the field */
function checkedRecord(bucket: ValueBucket, json: JsonObject): SyncRecord {
  try {
    return recordFromJson(bucket, json);
  } catch (cause) {
    for (const [name, part] of Object.entries(json)) {
      try {
        recordFromJson(bucket, { [name]: part });
      } catch (partCause) {
        throw new NoRecord(messageOf(partCause), ['record', name], partCause);
      }
    }
    throw new NoRecord(messageOf(cause), ['record'], cause);
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
    // The second is the name that lines without a header have.
    const { type_url: name, typeUrl = name, value } = annotation;
    if (typeof typeUrl !== 'string' || typeof value !== 'string') {
      throw new Error('an annotation lacks type_url or value');
    }
    return create(AnySchema, { typeUrl, value: fromBase64(value) });
  });
}

/** Whether something parsed from JSON is an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is left of an object once it has been JSON: no prototypes, no `undefined`, no -0. */
function plain(json: JsonObject): unknown {
  return JSON.parse(JSON.stringify(json));
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // Buffer.from skips what is not base64; what it took must be what was there.
  if (bytes.toString('base64') !== text) throw new Error('a value is not base64');
  return new Uint8Array(bytes);
}

/** protobuf's message without the name of the message, which is not that of the line. */
function messageOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/^cannot decode (message|field) [\w.]+ from JSON: /, '');
}
