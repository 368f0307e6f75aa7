// Whether two stored records say the same, and where they differ.
//
// Of millions of records most are the same but for the sync id, or for the time at which they were discovered: their
// bytes are compared field by field, and no message is made. What differs there is decoded, as the same message can
// be written in several ways (the entries of a map have no order).
import {
  create,
  type DescField,
  type DescMessage,
  equals,
  type UnknownField,
} from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { equalBytes } from '@sstitch/contract';
import { RECORD_SCHEMAS, type RecordByBucket, type ValueBucket } from '@sstitch/records';

const SYNC_ID_FIELD = 1;

/** Fields whose difference is no change. */
export interface IgnoredFields {
  /** By the numbers of the bucket's message. */
  readonly numbers: ReadonlySet<number>;
  readonly names: ReadonlySet<string>;
}

/**
 * What a comparison of a bucket's records passes over: the sync id, and fields by their names.
 *
 * @param names as in the .proto file: `discovered_at`; those that the message does not have are no error
 */
export function ignoredFields(bucket: ValueBucket, names: readonly string[]): IgnoredFields {
  const fields = RECORD_SCHEMAS[bucket].fields.filter(
    ({ name, number }) => number === SYNC_ID_FIELD || names.includes(name),
  );
  return {
    numbers: new Set(fields.map(({ number }) => number)),
    names: new Set(fields.map(({ name }) => name)),
  };
}

/** Whether two values have the same bytes, field by field, but for the ignored ones. Either may be no message. */
export function haveSameBytes(a: Uint8Array, b: Uint8Array, { numbers }: IgnoredFields): boolean {
  if (equalBytes(a, b)) return true;
  try {
    const left = new FieldReader(a, numbers);
    const right = new FieldReader(b, numbers);
    for (;;) {
      const isLeft = left.next();
      if (isLeft !== right.next()) return false;
      if (!isLeft) return true;
      if (!sameRange(a, left, b, right)) return false;
    }
  } catch {
    // One is no message: to decode it says so.
    return false;
  }
}

/**
 * The names of the fields in which two records differ, as in the .proto file, in the order of their numbers;
 * `unknown` for fields of a later version. Empty where they say the same.
 */
export function changedFields<B extends ValueBucket>(
  bucket: B,
  before: RecordByBucket[B],
  after: RecordByBucket[B],
  { names }: IgnoredFields,
): readonly string[] {
  const schema: DescMessage = RECORD_SCHEMAS[bucket];
  const changed = schema.fields
    .filter((field) => !names.has(field.name) && !sameField(schema, field, before, after))
    .map(({ name }) => name);
  if (!sameUnknown(before.$unknown, after.$unknown)) changed.push('unknown');
  return changed;
}

/** Walks the fields of a message. */
class FieldReader {
  readonly #reader: BinaryReader;
  readonly #ignored: ReadonlySet<number>;
  /** Where the field lies, its tag included. */
  start = 0;
  end = 0;

  constructor(value: Uint8Array, ignored: ReadonlySet<number>) {
    this.#reader = new BinaryReader(value);
    this.#ignored = ignored;
  }

  /** To the next field that counts; false at the end. @throws Error where there is no message */
  next(): boolean {
    const reader = this.#reader;
    while (reader.pos < reader.len) {
      this.start = reader.pos;
      const [field, wireType] = reader.tag();
      reader.skip(wireType, field);
      this.end = reader.pos;
      if (reader.pos > reader.len) throw new RangeError('a message is cut off');
      if (!this.#ignored.has(field)) return true;
    }
    return false;
  }
}

function sameRange(a: Uint8Array, left: FieldReader, b: Uint8Array, right: FieldReader): boolean {
  const length = left.end - left.start;
  if (right.end - right.start !== length) return false;
  for (let at = 0; at < length; at++) {
    if (a[left.start + at] !== b[right.start + at]) return false;
  }
  return true;
}

function sameField(
  schema: DescMessage,
  { localName }: DescField,
  before: object,
  after: object,
): boolean {
  const only = (record: object) => {
    const value = (record as Readonly<Record<string, unknown>>)[localName];
    return create(schema, value === undefined ? {} : { [localName]: value });
  };
  return equals(schema, only(before), only(after));
}

function sameUnknown(a: readonly UnknownField[] = [], b: readonly UnknownField[] = []): boolean {
  return (
    a.length === b.length &&
    a.every((field, at) => {
      const other = b[at];
      return other !== undefined && other.no === field.no && equalBytes(other.data, field.data);
    })
  );
}
