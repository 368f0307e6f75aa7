// Writes messages into an arena: the bytes that `encodeRecord` gives, without an array for each message
// and each of its parts. Made from a schema once; it takes what records consist of, and leaves the rest
// (maps of several entries, unknown fields, values of a wrong type) to `encodeRecord`, which also has the
// errors.
import { type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { ByteArena } from './byte-arena.js';

/** Adds a message's bytes to the arena; false where it cannot, and then what it added is rubbish. */
export type MessageWriter = (arena: ByteArena, message: Message) => boolean;

type Fields = Readonly<Record<string, unknown>>;
type FieldWriter = (arena: ByteArena, message: Fields) => boolean;
type ValueWriter = (arena: ByteArena, value: unknown) => boolean;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
/** Of the length of a part of a message: most are shorter than 128 bytes. */
const GUESSED_LENGTH_BYTES = 1;

/** The writer for messages of this schema. */
export function messageWriter(schema: DescMessage): MessageWriter {
  const fields = schema.fields
    .toSorted((a, b) => a.number - b.number)
    .map((field) => fieldWriter(field));
  const { typeName } = schema;
  return (arena, message) => {
    if (message.$typeName !== typeName || message.$unknown !== undefined) return false;
    for (const write of fields) if (!write(arena, message as unknown as Fields)) return false;
    return true;
  };
}

/** A field with its tag; nothing of it where it is not set. */
function fieldWriter(field: DescField): FieldWriter {
  const { localName: name, number } = field;
  // A member of a oneof lies elsewhere in the message.
  if (field.oneof !== undefined) return () => false;
  switch (field.fieldKind) {
    case 'scalar':
    case 'enum': {
      // Of one with a presence of its own, zero would have to be written where it is set.
      if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) return () => false;
      const write = scalarWriter(
        number,
        field.fieldKind === 'enum' ? ScalarType.INT32 : field.scalar,
      );
      return (arena, message) => {
        const value = message[name];
        // What is zero or empty is not written.
        if (value === '' || value === false || value === 0 || value === 0n) return true;
        if (value instanceof Uint8Array && value.length === 0) return true;
        return write(arena, value);
      };
    }
    case 'message': {
      const write = partWriter(number, field.message);
      return (arena, message) => message[name] === undefined || write(arena, message[name]);
    }
    case 'list': {
      if (field.listKind === 'enum') return onlyEmptyList(name);
      const write =
        field.listKind === 'message'
          ? partWriter(number, field.message)
          : field.scalar === ScalarType.STRING
            ? scalarWriter(number, field.scalar)
            : undefined;
      // Numbers are packed; no record has a list of them.
      if (write === undefined) return onlyEmptyList(name);
      return (arena, message) => {
        const items = message[name];
        if (!Array.isArray(items)) return false;
        for (const item of items) if (!write(arena, item)) return false;
        return true;
      };
    }
    case 'map':
      return mapWriter(field);
  }
}

function onlyEmptyList(name: string): FieldWriter {
  return (_arena, message) => Array.isArray(message[name]) && message[name].length === 0;
}

/** Maps of one entry at most: more have an order. */
function mapWriter(field: DescField & { fieldKind: 'map' }): FieldWriter {
  const { localName: name, number } = field;
  const writeKey = scalarWriter(1, ScalarType.STRING);
  const writeValue =
    field.mapKind === 'message'
      ? partWriter(2, field.message)
      : field.mapKind === 'scalar'
        ? scalarWriter(2, field.scalar)
        : undefined;
  const takes = field.mapKey === ScalarType.STRING;
  return (arena, message) => {
    const map = message[name];
    if (typeof map !== 'object' || map === null) return false;
    const keys = Object.keys(map);
    const [key] = keys;
    if (key === undefined) return true;
    if (keys.length > 1 || !takes || writeValue === undefined) return false;
    arena.varint(tagOf(number, LENGTH_DELIMITED));
    const lengthAt = arena.length;
    arena.reserve(GUESSED_LENGTH_BYTES);
    arena.length += GUESSED_LENGTH_BYTES;
    if (!writeKey(arena, key) || !writeValue(arena, (map as Fields)[key])) return false;
    arena.putLengthBefore(lengthAt, lengthAt + GUESSED_LENGTH_BYTES);
    return true;
  };
}

/** A message within a message, with its tag and length. */
function partWriter(number: number, schema: DescMessage): ValueWriter {
  const tag = tagOf(number, LENGTH_DELIMITED);
  const write = messageWriter(schema);
  return (arena, value) => {
    if (typeof value !== 'object' || value === null) return false;
    arena.varint(tag);
    const lengthAt = arena.length;
    arena.reserve(GUESSED_LENGTH_BYTES);
    arena.length += GUESSED_LENGTH_BYTES;
    if (!write(arena, value as Message)) return false;
    arena.putLengthBefore(lengthAt, lengthAt + GUESSED_LENGTH_BYTES);
    return true;
  };
}

/** A value with its tag, whether it is zero or not. */
function scalarWriter(number: number, type: ScalarType): ValueWriter {
  switch (type) {
    case ScalarType.STRING: {
      const tag = tagOf(number, LENGTH_DELIMITED);
      return (arena, value) => {
        if (typeof value !== 'string') return false;
        arena.varint(tag);
        return arena.lengthAndText(value);
      };
    }
    case ScalarType.BYTES: {
      const tag = tagOf(number, LENGTH_DELIMITED);
      return (arena, value) => {
        if (!(value instanceof Uint8Array)) return false;
        arena.varint(tag);
        arena.varint(value.length);
        arena.copy(value);
        return true;
      };
    }
    case ScalarType.BOOL: {
      const tag = tagOf(number, VARINT);
      return (arena, value) => {
        if (typeof value !== 'boolean') return false;
        arena.varint(tag);
        arena.varint(value ? 1 : 0);
        return true;
      };
    }
    case ScalarType.INT32:
    case ScalarType.INT64: {
      const tag = tagOf(number, VARINT);
      const most = type === ScalarType.INT32 ? 0x7fffffff : Number.MAX_SAFE_INTEGER;
      const kind = type === ScalarType.INT32 ? 'number' : 'bigint';
      return (arena, value) => {
        if (typeof value !== kind) return false;
        const whole = Number(value);
        // Numbers below zero take ten bytes; a bigint that is no safe integer has lost its last bits here.
        if (!Number.isInteger(whole) || whole < 0 || whole > most) return false;
        arena.varint(tag);
        arena.varint(whole);
        return true;
      };
    }
    default:
      return () => false;
  }
}

function tagOf(number: number, wireType: number): number {
  return number * 8 + wireType;
}
