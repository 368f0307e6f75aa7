/*
 * Records as lines of JSON (.jsonl), one record a line:
 *
 *   {"type":"grant","record":{"sync_id":"…","external_id":"…",…}}
 *   {"type":"grant","record":{…},"value":"<base64>"}
 *
 * type    the bucket: resource_type, resource, entitlement, grant, asset, sync_run, sync_stats
 * record  the message in protobuf's JSON form, with field names as in the .proto file; but annotations
 *         are {"typeUrl","value"} with the bytes in base64, as their types are the connectors' own
 * value   the stored bytes, in base64: only where the JSON form would not give them back; it then rules
 *
 * So what is exported and imported again is the same to the byte. Index entries are not exported: they
 * follow from the records.
 */

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
import { CliError } from '../errors.js';

/** A record in a line. */
export interface ImportedRecord {
  readonly bucket: ValueBucket;
  readonly record: SyncRecord;
  /** The bytes that are to be stored, where they are not those of `encodeRecord`. */
  readonly value: Uint8Array | undefined;
}

/** A stored record as an object for JSON. */
export function recordObject(bucket: ValueBucket, key: Uint8Array, value: Uint8Array): JsonObject {
  const record = decodeRecord(bucket, key, value);
  let json: JsonObject;
  try {
    json = recordJson(bucket, record);
    if (equalBytes(encodeRecord(recordFromJson(bucket, json)), value)) {
      return { type: bucket, record: json };
    }
  } catch {
    // A time out of JSON's range, a string that is no text: the bytes are exact all the same.
    return { type: bucket, value: toBase64(value) };
  }
  return { type: bucket, record: json, value: toBase64(value) };
}

/** A record in protobuf's JSON form; see the head of this file. */
function recordJson(bucket: ValueBucket, record: SyncRecord): JsonObject {
  const annotations = 'annotations' in record ? record.annotations : [];
  const bare = annotations.length === 0 ? record : { ...record, annotations: [] };
  const json = toJson(RECORD_SCHEMAS[bucket], bare, { useProtoFieldName: true }) as JsonObject;
  if (annotations.length === 0) return json;
  return {
    ...json,
    annotations: annotations.map(({ typeUrl, value }) => ({ typeUrl, value: toBase64(value) })),
  };
}

/**
 * Reads a line. The record's ids are not looked at.
 *
 * @throws CliError SSTITCH_IMPORT_INVALID
 */
export function importedRecord(line: string): ImportedRecord {
  const { type, record: json, value } = parseLine(line);
  let record: SyncRecord;
  let bytes: Uint8Array | undefined;
  try {
    if (value === undefined) {
      record = recordFromJson(type, json ?? {});
    } else {
      bytes = fromBase64(value);
      record = decodeRecord(type, new Uint8Array(0), bytes);
    }
    return { bucket: type, record, value: bytes };
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

interface Line {
  readonly type: ValueBucket;
  readonly record: JsonObject | undefined;
  readonly value: string | undefined;
}

function parseLine(line: string): Line {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  if (!isObject(parsed)) throw invalid('it is not a JSON object');
  const { type, record, value } = parsed;
  if (typeof type !== 'string' || !isValueBucket(type as ValueBucket)) {
    throw invalid(`"type" is not one of ${Object.keys(RECORD_SCHEMAS).join(', ')}`);
  }
  if (record !== undefined && !isObject(record)) throw invalid('"record" is not an object');
  if (value !== undefined && typeof value !== 'string') throw invalid('"value" is not a string');
  if (record === undefined && value === undefined) throw invalid('it has no "record"');
  return { type: type as ValueBucket, record: record as JsonObject | undefined, value };
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
    const { typeUrl, value } = annotation;
    if (typeof typeUrl !== 'string' || typeof value !== 'string') {
      throw new Error('an annotation lacks typeUrl or value');
    }
    return create(AnySchema, { typeUrl, value: fromBase64(value) });
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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

function invalid(problem: string, cause?: unknown): CliError {
  return new CliError('SSTITCH_IMPORT_INVALID', problem, { cause });
}
