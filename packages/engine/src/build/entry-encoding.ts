// Encodes the entries of pages, as `put` would.
//
// There is one difference: under Level's own encodings, keys and values that are bytes are stored unchanged, even where
// the encoding would convert them. Callers of the engine contract pass bytes, for any encodings of the store. Custom
// encodings are applied to all values.

import { describeValue, isBytes } from '@sstitch/contract';
import type { AbstractSublevel } from 'abstract-level';
import { optionInvalid } from '../check-options.js';
import { checkPage, refusal } from './check-pages.js';

/** How the keys and values of pages are encoded. */
export interface EntryEncodingOptions<K, V> {
  /** The encoding of keys. @defaultValue the sublevel's, or else the store's */
  readonly keyEncoding?: string | PartialEncoder<K> | undefined;
  /** The encoding of values. @defaultValue the sublevel's, or else the store's */
  readonly valueEncoding?: string | PartialEncoder<V> | undefined;
  /** The sublevel of the store that the entries belong to. Their keys do not include its prefix. */
  readonly sublevel?: Sublevel | undefined;
}

/** The part of an encoding that turns data into its stored form. */
interface PartialEncoder<T> {
  /** Returns the stored form: bytes or a string. */
  readonly encode: (data: T) => unknown;
}

/** A sublevel with keys and values of any type. */
// biome-ignore lint/suspicious/noExplicitAny: a sublevel of any keys and values, as abstract-level's own types have it
type Sublevel = AbstractSublevel<any, any, any, any>;
/** The encodings of a database. */
export interface EncodingDatabase {
  keyEncoding(encoding: 'view'): object;
  valueEncoding(encoding: 'view'): object;
}

/** Encodes a key or a value. Undefined for the encodings of bytes. */
type Encode = ((data: unknown) => unknown) | undefined;

const ENCODINGS_OF_BYTES: ReadonlySet<string> = new Set(['view', 'buffer']);
const OWN_ENCODINGS: ReadonlySet<string> = new Set(['utf8', 'json', 'hex', 'base64']);

/**
 * Returns a function that encodes a page. Its result is not checked to be bytes.
 *
 * @throws EngineError SSTITCH_OPTION_INVALID
 */
export function pageEncoder<K, V>(
  store: EncodingDatabase,
  { keyEncoding, valueEncoding, sublevel }: EntryEncodingOptions<K, V>,
): (page: unknown, pageIndex: number) => unknown {
  if (sublevel !== undefined && (sublevel as Partial<Sublevel> | null)?.db !== store) {
    throw optionInvalid('sublevel must be a sublevel of this store');
  }
  const database: EncodingDatabase = sublevel ?? store;
  const encodeKey = encodeBy(() => database.keyEncoding(keyEncoding as 'view'));
  const encodeValue = encodeBy(() => database.valueEncoding(valueEncoding as 'view'));
  const prefix = sublevel === undefined ? undefined : Buffer.from(sublevel.prefix);
  if (encodeKey === undefined && encodeValue === undefined && prefix === undefined) {
    return (page) => page;
  }
  return (page, pageIndex) => {
    checkPage(page, pageIndex);
    return page.map(([key, value], index) => {
      const place = [pageIndex, index] as const;
      const keyBytes = encoded('key', key, encodeKey, place);
      const isPrefixed = prefix !== undefined && isBytes(keyBytes);
      const whole = isPrefixed ? Buffer.concat([prefix, keyBytes]) : keyBytes;
      return [whole, encoded('value', value, encodeValue, place)];
    });
  };
}

interface Encoding {
  readonly name: string;
  encode(data: unknown): unknown;
}

function encodeBy(find: () => unknown): Encode {
  let encoding: Encoding;
  try {
    encoding = find() as Encoding;
  } catch (error) {
    throw optionInvalid(error instanceof Error ? error.message : String(error));
  }
  if (ENCODINGS_OF_BYTES.has(encoding.name)) return undefined;
  const takesBytes = OWN_ENCODINGS.has(encoding.name);
  return (data) => (takesBytes && isBytes(data) ? data : encoding.encode(data));
}

function encoded(
  what: 'key' | 'value',
  given: unknown,
  encode: Encode,
  [pageIndex, index]: readonly [number, number],
): unknown {
  if (encode === undefined) return given;
  if (given === null || given === undefined) {
    throw refusal(pageIndex, index, `the ${what} must not be ${describeValue(given)}`);
  }
  let result: unknown;
  try {
    result = encode(given);
  } catch (cause) {
    throw refusal(pageIndex, index, `the ${what} cannot be encoded`, cause);
  }
  return typeof result === 'string' ? Buffer.from(result) : result;
}
