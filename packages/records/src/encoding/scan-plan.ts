// The plan by which a RecordScanner scans a message, derived from its schema once.
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { ScannedField } from './scanned-fields.js';

export const VARINT = 0;
export const FIXED_64 = 1;
export const LENGTH_DELIMITED = 2;
export const FIXED_32 = 5;

/** The check of a field besides its length. */
export type ContentKind = 'any' | 'text' | 'key text' | 'flag' | 'message';

export interface FieldPlan {
  readonly wireType: number;
  readonly content: ContentKind;
  readonly isRepeated: boolean;
  /** The number by which the scanner returns the field; -1 if it is not requested. */
  readonly field: ScannedField;
  /** The plan of a message field. */
  readonly message: MessagePlan | undefined;
}

export interface MessagePlan {
  /** Fields by number. */
  readonly fields: readonly (FieldPlan | undefined)[];
  /** Whether unknown fields are allowed. */
  readonly takesUnknown: boolean;
  /** Whether at most one field is allowed, because all fields belong to one oneof. */
  readonly isOneof: boolean;
}

/**
 * Builds the plan of a message.
 *
 * @param asked - the numbers of the requested fields, from 0 on, by the paths of their names
 */
export function scanPlan(
  schema: DescMessage,
  asked: Readonly<Record<string, ScannedField>>,
): MessagePlan {
  return messagePlan(schema, asked, '', new Map());
}

/** Builds a plan. @param made plans of messages without requested fields, some of which are recursive */
function messagePlan(
  schema: DescMessage,
  asked: Readonly<Record<string, ScannedField>>,
  path: string,
  made: Map<string, MessagePlan>,
): MessagePlan {
  const isAsked = Object.keys(asked).some((name) => name.startsWith(path) && name !== path);
  const known = isAsked ? undefined : made.get(schema.typeName);
  if (known !== undefined) return known;
  const fields: (FieldPlan | undefined)[] = [];
  const isOneof = schema.oneofs.length > 0;
  const plan: MessagePlan = { fields, takesUnknown: !isOneof, isOneof };
  if (!isAsked) made.set(schema.typeName, plan);
  for (const field of schema.fields) {
    if (isOneof && field.oneof === undefined) {
      throw new Error(`${schema.typeName}: fields beside a oneof are not supported`);
    }
    while (fields.length <= field.number) fields.push(undefined);
    fields[field.number] = fieldPlan(field, asked, `${path}${field.name}`, made);
  }
  return plan;
}

function fieldPlan(
  field: DescField,
  asked: Readonly<Record<string, ScannedField>>,
  path: string,
  made: Map<string, MessagePlan>,
): FieldPlan {
  const number = asked[path] ?? -1;
  switch (field.fieldKind) {
    case 'scalar':
      return scalarPlan(field.scalar, number, false);
    case 'enum':
      return scalarPlan(ScalarType.INT32, number, false);
    case 'message':
      return partPlan(messagePlan(field.message, asked, `${path}.`, made), number, false);
    case 'list':
      if (field.listKind === 'message') {
        return partPlan(messagePlan(field.message, asked, `${path}.`, made), number, true);
      }
      if (field.listKind === 'scalar' && field.scalar === ScalarType.STRING) {
        return scalarPlan(field.scalar, number, true);
      }
      // Repeated numbers may be packed.
      throw unplanned(field);
    case 'map': {
      if (field.mapKind === 'enum') throw unplanned(field);
      const value =
        field.mapKind === 'message'
          ? partPlan(messagePlan(field.message, asked, `${path}.`, made), -1, false)
          : scalarPlan(field.scalar, -1, false);
      const fields = [undefined, scalarPlan(field.mapKey, -1, false), value];
      // Decoders do not skip unknown fields of a map entry.
      return partPlan({ fields, takesUnknown: false, isOneof: false }, number, true);
    }
  }
}

function partPlan(message: MessagePlan, field: ScannedField, isRepeated: boolean): FieldPlan {
  return { wireType: LENGTH_DELIMITED, content: 'message', isRepeated, field, message };
}

function scalarPlan(scalar: ScalarType, field: ScannedField, isRepeated: boolean): FieldPlan {
  const plan = { isRepeated, field, message: undefined };
  switch (scalar) {
    case ScalarType.STRING:
      return { ...plan, wireType: LENGTH_DELIMITED, content: field < 0 ? 'text' : 'key text' };
    case ScalarType.BYTES:
      return { ...plan, wireType: LENGTH_DELIMITED, content: 'any' };
    case ScalarType.BOOL:
      return { ...plan, wireType: VARINT, content: field < 0 ? 'any' : 'flag' };
    case ScalarType.INT32:
    case ScalarType.INT64:
    case ScalarType.UINT64:
      return { ...plan, wireType: VARINT, content: 'any' };
    case ScalarType.DOUBLE:
      return { ...plan, wireType: FIXED_64, content: 'any' };
    default:
      throw new Error(`fields of the scalar type ${scalar} are not supported`);
  }
}

function unplanned(field: DescField): Error {
  return new Error(`${field.toString()} has an unsupported kind`);
}
