// Writes messages as protobuf into an arena, without an array for each message and each of its parts. The
// writer of a schema is compiled once. A message has one encoding, that of Go's deterministic marshalling:
//
//   fields       in the order of their numbers; fields with default values are omitted
//   map entries  in the order of their keys' UTF-8 bytes; key and value are always written
//   Struct       a plain object, whose fields are written as a map
//   unknown      fields of a later version, last and unchanged
import { type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import { compareBytes } from '@sstitch/contract';
import type { ByteArena } from './byte-arena.js';

/**
 * Appends a message's bytes to the arena.
 *
 * @throws TypeError on a value that its field cannot hold; the appended bytes are then invalid.
 */
export type MessageWriter = (arena: ByteArena, message: Message) => void;

type Fields = Readonly<Record<string, unknown>>;
type FieldWriter = (arena: ByteArena, message: Fields) => void;
type ValueWriter = (arena: ByteArena, value: unknown) => void;

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
/** How many bytes to reserve for the length of a part; most parts are shorter than 128 bytes. */
const GUESSED_LENGTH_BYTES = 1;
const MAP_KEY = 1;
const MAP_VALUE = 2;
const STRUCT = 'google.protobuf.Struct';
const UTF8 = new TextEncoder();

/** Compiles the writer of a schema, which must not be recursive. */
export function messageWriter(schema: DescMessage): MessageWriter {
  const fields = schema.fields.toSorted((a, b) => a.number - b.number).map(fieldWriter);
  const { typeName } = schema;
  return (arena, message) => {
    if (message.$typeName !== typeName) throw wrong(typeName, 'a message of this type', message);
    for (const write of fields) write(arena, message as unknown as Fields);
    for (const { no, wireType, data } of message.$unknown ?? []) {
      arena.varint(tagOf(no, wireType));
      arena.copy(data);
    }
  };
}

/** The writer of a field with its tag; it omits the default value. */
function fieldWriter(field: DescField): FieldWriter {
  const { localName: name, number } = field;
  const where = `${field.parent.name}.${field.name}`;
  if (field.oneof !== undefined) throw unsupported(where);
  switch (field.fieldKind) {
    case 'scalar':
      return setWriter(name, scalarWriter(number, field.scalar, where));
    case 'enum':
      return setWriter(name, scalarWriter(number, ScalarType.INT32, where));
    case 'message': {
      const write = partWriter(number, contentWriter(field.message, where));
      return (arena, message) => {
        if (message[name] !== undefined) write(arena, message[name]);
      };
    }
    case 'list':
      return listWriter(field, where);
    case 'map':
      return mapWriter(field, where);
  }
}

/** A writer that omits zero and empty values. */
function setWriter(name: string, write: ValueWriter): FieldWriter {
  return (arena, message) => {
    const value = message[name];
    if (value === '' || value === false || value === 0 || value === 0n) return;
    if (value instanceof Uint8Array && value.length === 0) return;
    write(arena, value);
  };
}

function listWriter(field: DescField & { fieldKind: 'list' }, where: string): FieldWriter {
  const { localName: name, number } = field;
  let write: ValueWriter;
  if (field.listKind === 'message') {
    write = partWriter(number, contentWriter(field.message, where));
  } else if (field.listKind === 'scalar' && field.scalar === ScalarType.STRING) {
    write = scalarWriter(number, field.scalar, where);
  } else {
    // Repeated numbers would have to be packed.
    throw unsupported(where);
  }
  return (arena, message) => {
    const items = message[name];
    if (!Array.isArray(items)) throw wrong(where, 'an array', items);
    for (const item of items) write(arena, item);
  };
}

function mapWriter(field: DescField & { fieldKind: 'map' }, where: string): FieldWriter {
  if (field.mapKey !== ScalarType.STRING || field.mapKind === 'enum') throw unsupported(where);
  const writeKey = scalarWriter(MAP_KEY, ScalarType.STRING, where);
  const writeValue =
    field.mapKind === 'message'
      ? partWriter(MAP_VALUE, contentWriter(field.message, where))
      : scalarWriter(MAP_VALUE, field.scalar, where);
  const write = entriesWriter(field.number, writeKey, writeValue, where);
  return (arena, message) => write(arena, message[field.localName]);
}

/** The writer of a map: its entries, each with its tag, in key order. */
function entriesWriter(
  number: number,
  writeKey: ValueWriter,
  writeValue: ValueWriter,
  where: string,
): ValueWriter {
  const writeEntry = partWriter(number, (arena, [key, value]: readonly [string, unknown]) => {
    writeKey(arena, key);
    writeValue(arena, value);
  });
  return (arena, map) => {
    if (typeof map !== 'object' || map === null) throw wrong(where, 'an object', map);
    for (const key of sortedKeys(map)) writeEntry(arena, [key, (map as Fields)[key]]);
  };
}

/** Sorts keys by their UTF-8 bytes, an order that differs from UTF-16 and from that of the object. */
function sortedKeys(map: object): string[] {
  const keys = Object.keys(map);
  if (keys.length < 2) return keys;
  return keys
    .map((key) => ({ key, bytes: UTF8.encode(key) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ key }) => key);
}

/** The writer of the content of a part: a message, or the object that represents a Struct. */
function contentWriter(schema: DescMessage, where: string): ValueWriter {
  if (schema.typeName === STRUCT) return structWriter(where);
  const write = messageWriter(schema);
  return (arena, value) => {
    if (typeof value !== 'object' || value === null) throw wrong(where, 'a message', value);
    write(arena, value as Message);
  };
}

/**
 * The writer of an object as google.protobuf.Struct.
 *
 *   Struct     fields = 1, a map of string to Value
 *   Value      one of null_value = 1, number_value = 2, string_value = 3, bool_value = 4, struct_value = 5,
 *              list_value = 6; written even if it is zero
 *   ListValue  values = 1, each a Value
 */
function structWriter(where: string): ValueWriter {
  const writeText = scalarWriter(3, ScalarType.STRING, where);
  const writeBoolean = scalarWriter(4, ScalarType.BOOL, where);
  const writeObject = partWriter(5, (arena, value) => writeFields(arena, value));
  const writeItem = partWriter(1, (arena, value) => writeValue(arena, value));
  const writeArray = partWriter(6, (arena, items: readonly unknown[]) => {
    for (const item of items) writeItem(arena, item);
  });
  const writeFields = entriesWriter(
    1,
    scalarWriter(MAP_KEY, ScalarType.STRING, where),
    partWriter(MAP_VALUE, (arena, value) => writeValue(arena, value)),
    where,
  );
  function writeValue(arena: ByteArena, value: unknown): void {
    if (value === null) {
      arena.varint(tagOf(1, VARINT));
      arena.varint(0);
    } else if (typeof value === 'number') {
      arena.varint(tagOf(2, FIXED_64));
      arena.double(value);
    } else if (typeof value === 'string') writeText(arena, value);
    else if (typeof value === 'boolean') writeBoolean(arena, value);
    else if (Array.isArray(value)) writeArray(arena, value);
    else if (typeof value === 'object') writeObject(arena, value);
    else throw wrong(where, 'JSON', value);
  }
  return writeFields;
}

/** The writer of a part with its tag and its length. */
function partWriter<T>(
  number: number,
  write: (arena: ByteArena, content: T) => void,
): (arena: ByteArena, content: T) => void {
  const tag = tagOf(number, LENGTH_DELIMITED);
  return (arena, content) => {
    arena.varint(tag);
    const lengthAt = arena.length;
    arena.reserve(GUESSED_LENGTH_BYTES);
    arena.length += GUESSED_LENGTH_BYTES;
    write(arena, content);
    arena.putLengthBefore(lengthAt, lengthAt + GUESSED_LENGTH_BYTES);
  };
}

/** The writer of a value with its tag, even if it is zero. */
function scalarWriter(number: number, type: ScalarType, where: string): ValueWriter {
  switch (type) {
    case ScalarType.STRING: {
      const tag = tagOf(number, LENGTH_DELIMITED);
      return (arena, value) => {
        if (typeof value !== 'string') throw wrong(where, 'a string', value);
        arena.varint(tag);
        if (arena.lengthAndText(value)) return;
        throw new TypeError(`${where}: lone surrogate in ${JSON.stringify(value)}`);
      };
    }
    case ScalarType.BYTES: {
      const tag = tagOf(number, LENGTH_DELIMITED);
      return (arena, value) => {
        if (!(value instanceof Uint8Array)) throw wrong(where, 'a Uint8Array', value);
        arena.varint(tag);
        arena.varint(value.length);
        arena.copy(value);
      };
    }
    case ScalarType.BOOL: {
      const tag = tagOf(number, VARINT);
      return (arena, value) => {
        if (typeof value !== 'boolean') throw wrong(where, 'a boolean', value);
        arena.varint(tag);
        arena.varint(value ? 1 : 0);
      };
    }
    case ScalarType.INT32:
      return integerWriter(number, -(2 ** 31), 2 ** 31 - 1, where);
    case ScalarType.INT64:
      return bigintWriter(number, -(2n ** 63n), 2n ** 63n - 1n, where);
    case ScalarType.UINT64:
      return bigintWriter(number, 0n, 2n ** 64n - 1n, where);
    default:
      throw unsupported(where);
  }
}

function integerWriter(number: number, least: number, most: number, where: string): ValueWriter {
  const tag = tagOf(number, VARINT);
  return (arena, value) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw wrong(where, `an integer from ${least} to ${most}`, value);
    }
    arena.varint(tag);
    if (value >= 0) arena.varint(value);
    else arena.bigVarint(BigInt(value));
  };
}

function bigintWriter(number: number, least: bigint, most: bigint, where: string): ValueWriter {
  const tag = tagOf(number, VARINT);
  return (arena, value) => {
    if (typeof value !== 'bigint' || value < least || value > most) {
      throw wrong(where, `a bigint from ${least} to ${most}`, value);
    }
    arena.varint(tag);
    if (value >= 0n && value <= Number.MAX_SAFE_INTEGER) arena.varint(Number(value));
    else arena.bigVarint(value);
  };
}

function tagOf(number: number, wireType: number): number {
  return number * 8 + wireType;
}

function wrong(where: string, expected: string, value: unknown): TypeError {
  const shown = typeof value === 'object' && value !== null ? 'an object' : String(value);
  return new TypeError(`${where} must be ${expected}, not ${shown}`);
}

function unsupported(where: string): Error {
  return new Error(`${where}: this writer does not support fields of this kind`);
}
