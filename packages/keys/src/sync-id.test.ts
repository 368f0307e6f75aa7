import { compareBytes } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySyncId, codeOf } from '../test/arbitraries.js';
import { toHex } from './hex.js';
import {
  createSyncId,
  formatSyncId,
  isSyncId,
  parseSyncId,
  syncIdBytes,
  syncIdTime,
} from './sync-id.js';

describe('a sync id', () => {
  test.each([
    ['000000000000000000000000000', '00'.repeat(20)],
    ['aWgEPTl1tmebfsQzFP4bxwgy80V', 'ff'.repeat(20)],
    // From the README of segmentio/ksuid.
    ['0ujtsYcgvSTl8PAuAdqWYSMnLOv', '0669f7efb5a1cd34b5f99d1154fb6853345c9735'],
  ])('%s is %s', (text, hex) => {
    expect(toHex(parseSyncId(text))).toBe(hex);
    expect(formatSyncId(parseSyncId(text))).toBe(text);
  });

  test('keeps its value through both forms, which sort the same', () => {
    fc.assert(
      fc.property(anySyncId, anySyncId, (a, b) => {
        const [textA, textB] = [formatSyncId(a), formatSyncId(b)];
        expect(toHex(parseSyncId(textA))).toBe(toHex(a));
        const textOrder = textA < textB ? -1 : textA > textB ? 1 : 0;
        expect(Math.sign(compareBytes(a, b))).toBe(textOrder);
      }),
    );
  });

  test.each([
    ['is empty', ''],
    ['is too short', '36zfOAoWMxQdISbixanQCRBiX7'],
    ['is too long', '36zfOAoWMxQdISbixanQCRBiX7E0'],
    ['has a character outside base 62', '36zfOAoWMxQdISbixanQCRBiX7-'],
    ['has a character outside ASCII', '36zfOAoWMxQdISbixanQCRBiX7é'],
    ['is one more than the largest', 'aWgEPTl1tmebfsQzFP4bxwgy80W'],
    ['is the largest text', 'zzzzzzzzzzzzzzzzzzzzzzzzzzz'],
  ])('that %s is refused', (_, text) => {
    expect(codeOf(() => parseSyncId(text))).toBe('SSTITCH_SYNC_ID_INVALID');
    expect(isSyncId(text)).toBe(false);
  });

  test('can be any 20 bytes, and no other number of bytes', () => {
    expect(codeOf(() => syncIdBytes(new Uint8Array(20)))).toBeUndefined();
    expect(codeOf(() => syncIdBytes(new Uint8Array(19)))).toBe('SSTITCH_SYNC_ID_INVALID');
    expect(codeOf(() => syncIdBytes(new Uint8Array(21)))).toBe('SSTITCH_SYNC_ID_INVALID');
  });

  test('is read out of the middle of a larger buffer', () => {
    const key = new Uint8Array(30).fill(7);
    key.set(parseSyncId('0ujtsYcgvSTl8PAuAdqWYSMnLOv'), 3);
    expect(formatSyncId(syncIdBytes(key.subarray(3, 23)))).toBe('0ujtsYcgvSTl8PAuAdqWYSMnLOv');
  });

  test('made from a time and a payload is their KSUID', () => {
    const payload = parseSyncId('0ujtsYcgvSTl8PAuAdqWYSMnLOv').subarray(4);
    const time = new Date((1_400_000_000 + 107_608_047) * 1000);
    expect(formatSyncId(createSyncId(time, payload))).toBe('0ujtsYcgvSTl8PAuAdqWYSMnLOv');
    expect(syncIdTime('0ujtsYcgvSTl8PAuAdqWYSMnLOv')).toEqual(time);
  });

  test('is refused for a time that it cannot hold or a payload of another length', () => {
    const payload = new Uint8Array(16);
    for (const time of [new Date(0), new Date('2200-01-01'), new Date(Number.NaN)]) {
      expect(codeOf(() => createSyncId(time, payload))).toBe('SSTITCH_SYNC_ID_INVALID');
    }
    expect(codeOf(() => createSyncId(new Date(), new Uint8Array(15)))).toBe(
      'SSTITCH_SYNC_ID_INVALID',
    );
  });
});
