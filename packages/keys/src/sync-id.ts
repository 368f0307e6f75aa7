/*
 * A sync id is a KSUID (github.com/segmentio/ksuid).
 *
 *   binary   20 bytes: u32 big-endian seconds since 2014-05-13T16:53:20Z, then 16 bytes of payload
 *   text     27 characters of base 62 (0-9 A-Z a-z), big-endian, padded with 0
 *
 * Both forms sort in the same order. 62^27 is more than 2^160, so some texts are not a KSUID.
 */
import { describeValue, isBytes } from '@sstitch/contract';
import { KeysError } from './errors.js';
import { SYNC_ID_LENGTH_BYTES } from './layout.js';

const TEXT_LENGTH = 27;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = ALPHABET.length;
const LIMBS = SYNC_ID_LENGTH_BYTES / 4;
const LIMB = 2 ** 32;
const PAYLOAD_LENGTH_BYTES = 16;
const EPOCH_SECONDS = 1_400_000_000;

// Maps a character code to its digit; -1 for a character outside the alphabet.
const DIGITS = new Int8Array(128).fill(-1);
for (let digit = 0; digit < BASE; digit++) DIGITS[ALPHABET.charCodeAt(digit)] = digit;

/** Makes binary sync ids a type of their own, so that other bytes cannot be passed for one. */
declare const brand: unique symbol;
/** A sync id in its binary form: 20 bytes that {@link parseSyncId} or {@link syncIdBytes} returned. */
export type SyncIdBytes = Uint8Array & { readonly [brand]: 'SyncIdBytes' };

/**
 * Parses the text form of a sync id into its binary form.
 *
 * @throws {@link KeysError} SSTITCH_SYNC_ID_INVALID on a wrong length, a character outside base 62, or a value
 * that does not fit in 20 bytes.
 */
export function parseSyncId(text: string): SyncIdBytes {
  if (typeof text !== 'string') throw invalid(text, `it is ${describeValue(text)}, not a string`);
  if (text.length !== TEXT_LENGTH) {
    throw invalid(text, `it has ${text.length} characters, not ${TEXT_LENGTH}`);
  }
  const limbs = new Uint32Array(LIMBS);
  for (let at = 0; at < TEXT_LENGTH; at++) {
    const digit = DIGITS[text.charCodeAt(at)] ?? -1;
    if (digit < 0) throw invalid(text, `character ${at} is not one of 0-9 A-Z a-z`);
    let carry = digit;
    for (let limb = LIMBS - 1; limb >= 0; limb--) {
      const product = (limbs[limb] as number) * BASE + carry;
      limbs[limb] = product % LIMB;
      carry = Math.floor(product / LIMB);
    }
    if (carry !== 0) throw invalid(text, 'its value does not fit in 20 bytes');
  }
  const bytes = new Uint8Array(SYNC_ID_LENGTH_BYTES);
  const view = new DataView(bytes.buffer);
  for (let limb = 0; limb < LIMBS; limb++) view.setUint32(limb * 4, limbs[limb] as number);
  return bytes as SyncIdBytes;
}

/**
 * Formats a sync id as text: 27 characters.
 *
 * @throws {@link KeysError} SSTITCH_SYNC_ID_INVALID on anything but 20 bytes.
 */
export function formatSyncId(syncId: SyncIdBytes): string {
  syncIdBytes(syncId);
  const view = new DataView(syncId.buffer, syncId.byteOffset, syncId.byteLength);
  const limbs = Array.from({ length: LIMBS }, (_, limb) => view.getUint32(limb * 4));
  let text = '';
  for (let at = 0; at < TEXT_LENGTH; at++) {
    let remainder = 0;
    for (let limb = 0; limb < LIMBS; limb++) {
      const value = remainder * LIMB + (limbs[limb] as number);
      limbs[limb] = Math.floor(value / BASE);
      remainder = value % BASE;
    }
    text = ALPHABET.charAt(remainder) + text;
  }
  return text;
}

/**
 * Marks 20 bytes as a sync id; any 20 bytes are one. Makes no copy.
 *
 * @throws {@link KeysError} SSTITCH_SYNC_ID_INVALID on anything else, including the text form.
 */
export function syncIdBytes(bytes: Uint8Array): SyncIdBytes {
  if (!isBytes(bytes)) {
    const hint = typeof bytes === 'string' ? '; parseSyncId parses the text form' : '';
    throw new KeysError(
      'SSTITCH_SYNC_ID_INVALID',
      `a sync id must be ${SYNC_ID_LENGTH_BYTES} bytes, not ${describeValue(bytes)}${hint}`,
    );
  }
  if (bytes.length !== SYNC_ID_LENGTH_BYTES) {
    throw new KeysError(
      'SSTITCH_SYNC_ID_INVALID',
      `a sync id has ${SYNC_ID_LENGTH_BYTES} bytes, not ${bytes.length}`,
    );
  }
  return bytes as SyncIdBytes;
}

/** Whether `text` is the text form of a sync id. */
export function isSyncId(text: string): boolean {
  try {
    parseSyncId(text);
    return true;
  } catch (error) {
    if (error instanceof KeysError) return false;
    throw error;
  }
}

/**
 * Creates a sync id from a time and a payload. With a random payload it is a new KSUID.
 *
 * @param payload - 16 bytes.
 * @throws {@link KeysError} SSTITCH_SYNC_ID_INVALID on a time outside the range of a KSUID (2014 to 2150) or a
 * payload of another length.
 */
export function createSyncId(time: Date, payload: Uint8Array): SyncIdBytes {
  const seconds =
    time instanceof Date ? Math.floor(time.getTime() / 1000) - EPOCH_SECONDS : Number.NaN;
  if (!(seconds >= 0 && seconds < LIMB)) {
    throw new KeysError(
      'SSTITCH_SYNC_ID_INVALID',
      `a sync id cannot hold the time ${String(time)}`,
    );
  }
  if (!isBytes(payload) || payload.length !== PAYLOAD_LENGTH_BYTES) {
    const given = isBytes(payload) ? payload.length : describeValue(payload);
    throw new KeysError(
      'SSTITCH_SYNC_ID_INVALID',
      `a sync id's payload has ${PAYLOAD_LENGTH_BYTES} bytes, not ${given}`,
    );
  }
  const bytes = new Uint8Array(SYNC_ID_LENGTH_BYTES);
  new DataView(bytes.buffer).setUint32(0, seconds);
  bytes.set(payload, 4);
  return bytes as SyncIdBytes;
}

/**
 * The time in a sync id, to the second: that of its creation, for one that is a KSUID.
 *
 * @throws {@link KeysError} SSTITCH_SYNC_ID_INVALID
 */
export function syncIdTime(syncId: string): Date {
  const bytes = parseSyncId(syncId);
  const seconds = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return new Date((EPOCH_SECONDS + seconds) * 1000);
}

function invalid(text: unknown, problem: string): KeysError {
  return new KeysError(
    'SSTITCH_SYNC_ID_INVALID',
    `not a sync id: ${typeof text === 'string' ? `${JSON.stringify(text)}: ` : ''}${problem}`,
  );
}
