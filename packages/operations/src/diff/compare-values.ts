// Compares two stored records, and finds the fields that differ.
//
// Most of millions of records differ only in the sync id or the time of their discovery, so their bytes are compared
// field by field, without decoding them. Records whose bytes differ are decoded, because one message has several
// encodings: the entries of a map have no order.
import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  type UnknownField,
} from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { equalBytes } from '@sstitch/contract';
import {
  encodeRecord,
  RECORD_SCHEMAS,
  type RecordByBucket,
  type SyncRecord,
  type ValueBucket,
} from '@sstitch/records';

const SYNC_ID_FIELD = 1;

/** Fields that a comparison ignores. */
export interface IgnoredFields {
  /** Their numbers in the bucket's message. */
  readonly numbers: ReadonlySet<number>;
  readonly names: ReadonlySet<string>;
}

/**
 * Returns the fields that a comparison of a bucket's records ignores: the sync id, and the named fields.
 *
 * @param names names of the .proto file, such as `discovered_at`; the message need not have them
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

/** Reports whether two values have the same bytes in all fields that count. Either may be corrupt. */
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
    // One value is not a message. Decoding it reports that.
    return false;
  }
}

/**
 * Returns the names of the fields that differ, as in the .proto file and in the order of their numbers, and `unknown`
 * for fields of a later version. Empty if the records are equal.
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
  /** The offset of the current field, including its tag. */
  start = 0;
  end = 0;

  constructor(value: Uint8Array, ignored: ReadonlySet<number>) {
    this.#reader = new BinaryReader(value);
    this.#ignored = ignored;
  }

  /** Moves to the next field that counts. Returns false at the end. @throws Error if the value is not a message */
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

/** Whether a field has the same value in both, including fields of later versions in its parts. */
function sameField(
  schema: DescMessage,
  { localName }: DescField,
  before: object,
  after: object,
): boolean {
  // A message has one encoding, so the bytes of records with only this field are those of the field.
  const bytesOf = (record: object) => {
    const value = (record as Readonly<Record<string, unknown>>)[localName];
    const only = create(schema, value === undefined ? {} : { [localName]: value });
    return encodeRecord(only as Message as SyncRecord);
  };
  return equalBytes(bytesOf(before), bytesOf(after));
}

function sameUnknown(a: readonly UnknownField[] = [], b: readonly UnknownField[] = []): boolean {
  return (
    a.length === b.length &&
    a.every((field, at) => {
      const other = b[at];
      return (
        other !== undefined &&
        other.no === field.no &&
        other.wireType === field.wireType &&
        equalBytes(other.data, field.data)
      );
    })
  );
}
