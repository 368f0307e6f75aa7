/*
 * A tuple is a list of strings, encoded so that the bytes sort as the lists do:
 *
 *   tuple   = element*
 *   element = 00 escaped
 *   escaped = UTF-8 bytes, with 00 as 01 01 and 01 as 01 02
 *
 * Invariants: an escaped element holds no 00; each tuple has one encoding; only well-formed strings
 * are encoded, because a lone surrogate would decode as U+FFFD.
 */
import { describeValue, isBytes } from '@sstitch/contract';
import { KeysError } from './errors.js';
import { toHex } from './hex.js';
import { ESCAPE, ESCAPED_ESCAPE, ESCAPED_SEPARATOR, SEPARATOR } from './layout.js';

/** The most bytes that a UTF-16 unit of an element takes, escapes included. */
export const ESCAPE_BYTES_PER_CHARACTER = 3;

// ignoreBOM keeps a leading U+FEFF: it is part of the element.
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * How many bytes `element` takes in a tuple, including its separator.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID on a lone surrogate.
 */
export function elementLengthBytes(element: string): number {
  if (typeof element !== 'string') throw noText(element);
  let length = 1;
  for (let at = 0; at < element.length; at++) {
    const unit = element.charCodeAt(at);
    if (unit <= ESCAPE) length += 2;
    else if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit < 0xd800 || unit > 0xdfff) length += 3;
    else if (unit < 0xdc00 && isLowSurrogate(element.charCodeAt(at + 1))) {
      length += 4;
      at += 1;
    } else throw loneSurrogate(element, at);
  }
  return length;
}

/**
 * Writes `element` with its separator into `target` at `offset`. One pass over the characters writes UTF-8 and
 * escapes: keys are built by the million, and a call of TextEncoder plus a second pass for the escapes takes
 * several times as long on strings this short.
 *
 * @returns the offset after the element.
 */
export function writeElement(target: Uint8Array, offset: number, element: string): number {
  if (typeof element !== 'string') throw noText(element);
  let to = offset;
  target[to++] = SEPARATOR;
  for (let at = 0; at < element.length; at++) {
    const unit = element.charCodeAt(at);
    if (unit === SEPARATOR) {
      target[to++] = ESCAPE;
      target[to++] = ESCAPED_SEPARATOR;
    } else if (unit === ESCAPE) {
      target[to++] = ESCAPE;
      target[to++] = ESCAPED_ESCAPE;
    } else if (unit < 0x80) {
      target[to++] = unit;
    } else if (unit < 0x800) {
      target[to++] = 0xc0 | (unit >> 6);
      target[to++] = 0x80 | (unit & 0x3f);
    } else if (unit < 0xd800 || unit > 0xdfff) {
      target[to++] = 0xe0 | (unit >> 12);
      target[to++] = 0x80 | ((unit >> 6) & 0x3f);
      target[to++] = 0x80 | (unit & 0x3f);
    } else {
      at += 1;
      const low = element.charCodeAt(at);
      if (unit >= 0xdc00 || !isLowSurrogate(low)) throw loneSurrogate(element, at - 1);
      const point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      target[to++] = 0xf0 | (point >> 18);
      target[to++] = 0x80 | ((point >> 12) & 0x3f);
      target[to++] = 0x80 | ((point >> 6) & 0x3f);
      target[to++] = 0x80 | (point & 0x3f);
    }
  }
  return to;
}

/**
 * Encodes a tuple.
 *
 * @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID on a value that is not an array of strings, or a lone surrogate.
 */
export function encodeTuple(elements: readonly string[]): Uint8Array {
  requireArray(elements);
  let length = 0;
  for (const element of elements) length += elementLengthBytes(element);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const element of elements) at = writeElement(bytes, at, element);
  return bytes;
}

/** A string would become elements of one character each. @throws {@link KeysError} SSTITCH_KEY_ELEMENT_INVALID */
export function requireArray(elements: unknown): void {
  if (Array.isArray(elements)) return;
  const problem = `key elements must be an array of strings, not ${describeValue(elements)}`;
  throw new KeysError('SSTITCH_KEY_ELEMENT_INVALID', problem);
}

/**
 * Decodes the tuple that fills `bytes` from `offset` to the end.
 *
 * @throws {@link KeysError} SSTITCH_KEY_MALFORMED if {@link encodeTuple} cannot have written it, or if the offset is
 * not one of `bytes`.
 */
export function decodeTuple(bytes: Uint8Array, offset = 0): string[] {
  if (!isBytes(bytes)) {
    throw new KeysError('SSTITCH_KEY_MALFORMED', `a tuple is bytes, not ${describeValue(bytes)}`);
  }
  if (!Number.isInteger(offset) || offset < 0 || offset > bytes.length) {
    const problem = `a tuple cannot start at byte ${offset} of ${bytes.length}`;
    throw new KeysError('SSTITCH_KEY_MALFORMED', problem);
  }
  const elements: string[] = [];
  let at = offset;
  while (at < bytes.length) {
    if (bytes[at] !== SEPARATOR) throw malformed(bytes, at, 'an element must start with 00');
    const start = at + 1;
    let escapes = 0;
    for (at = start; at < bytes.length && bytes[at] !== SEPARATOR; at++) {
      if (bytes[at] !== ESCAPE) continue;
      at += 1;
      const escaped = bytes[at];
      if (escaped !== ESCAPED_SEPARATOR && escaped !== ESCAPED_ESCAPE) {
        throw malformed(bytes, at - 1, '01 must be followed by 01 or 02');
      }
      escapes += 1;
    }
    elements.push(decodeElement(bytes, start, at, escapes));
  }
  return elements;
}

function decodeElement(bytes: Uint8Array, start: number, end: number, escapes: number): string {
  const escaped = bytes.subarray(start, end);
  const plain = escapes === 0 ? escaped : unescapeElement(escaped, escapes);
  try {
    return UTF8.decode(plain);
  } catch (cause) {
    throw malformed(bytes, start, 'an element is not UTF-8', cause);
  }
}

function unescapeElement(escaped: Uint8Array, escapes: number): Uint8Array {
  const plain = new Uint8Array(escaped.length - escapes);
  let at = 0;
  for (let to = 0; to < plain.length; to++) {
    const byte = escaped[at++] as number;
    // The caller has checked the escapes: the next byte is 01 or 02, one more than the byte it stands for.
    plain[to] = byte === ESCAPE ? (escaped[at++] as number) - 1 : byte;
  }
  return plain;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function noText(element: unknown): KeysError {
  return new KeysError(
    'SSTITCH_KEY_ELEMENT_INVALID',
    `a key element must be a string, not ${describeValue(element)}`,
  );
}

function loneSurrogate(element: string, at: number): KeysError {
  return new KeysError(
    'SSTITCH_KEY_ELEMENT_INVALID',
    `a key element cannot hold a lone surrogate (at character ${at} of ${JSON.stringify(element)})`,
  );
}

function malformed(bytes: Uint8Array, at: number, problem: string, cause?: unknown): KeysError {
  return new KeysError(
    'SSTITCH_KEY_MALFORMED',
    `malformed tuple: ${problem}, at byte ${at} of ${toHex(bytes)}`,
    cause === undefined ? undefined : { cause },
  );
}
