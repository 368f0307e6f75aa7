// Values that plain JavaScript can pass to the functions of this package in place of strings and bytes.
import { expect, test } from 'vitest';
import * as keys from './index.js';
import { KeysError, type KeysErrorCode, type SyncIdBytes } from './index.js';

const TEXT = '36zfOAoWMxQdISbixanQCRBiX7E';
const SYNC = keys.parseSyncId(TEXT);
// biome-ignore lint/suspicious/noExplicitAny: the tests pass values of wrong types
const wrong = (value: unknown) => value as any;

function refuses(code: KeysErrorCode, call: () => unknown): void {
  expect(call).toThrow(KeysError);
  expect(call).toThrow(expect.objectContaining({ code }));
}

const NO_TEXT: unknown[] = [5, null, undefined, {}, ['g'], SYNC, new String('g')];
const NO_BYTES: unknown[] = ['text', 5, null, undefined, {}, [3, 4], new Uint16Array(10)];

test.each(NO_TEXT)('refuses %j as an element of a key', (value) => {
  const code = 'SSTITCH_KEY_ELEMENT_INVALID';
  refuses(code, () => keys.grantKey(SYNC, wrong(value)));
  refuses(code, () => keys.buildKey('resource', SYNC, ['user', wrong(value)]));
  refuses(code, () => keys.buildKeyPrefix('resource', SYNC, [wrong(value)]));
  refuses(code, () => keys.encodeTuple([wrong(value)]));
  refuses(code, () => keys.writeElement(new Uint8Array(50), 0, wrong(value)));
});

test.each(['ab', { length: 2 }, null, undefined, 5])('refuses %j as elements', (value) => {
  const code = 'SSTITCH_KEY_ELEMENT_INVALID';
  refuses(code, () => keys.buildKey('resource', SYNC, wrong(value)));
  refuses(code, () => keys.buildKeyPrefix('resource', SYNC, wrong(value)));
  refuses(code, () => keys.encodeTuple(wrong(value)));
});

test.each(NO_TEXT)('refuses %j as the text form of a sync id', (value) => {
  refuses('SSTITCH_SYNC_ID_INVALID', () => keys.parseSyncId(wrong(value)));
  expect(keys.isSyncId(wrong(value))).toBe(false);
});

test.each([TEXT, ...NO_BYTES, new Uint8Array(19)])(
  'refuses %j as the binary form of a sync id',
  (value) => {
    const code = 'SSTITCH_SYNC_ID_INVALID';
    refuses(code, () => keys.syncIdBytes(wrong(value)));
    refuses(code, () => keys.formatSyncId(wrong(value)));
    refuses(code, () => keys.grantKey(wrong(value), 'g'));
    refuses(code, () => keys.syncRunKey(wrong(value)));
    refuses(code, () => keys.createSyncId(new Date(1.7e12), wrong(value)));
    if (value === TEXT) return;
    refuses(code, () => keys.syncSpans(wrong(value)));
  },
);

test('names parseSyncId when a sync id is passed as text instead of bytes', () => {
  expect(() => keys.grantKey(TEXT as unknown as SyncIdBytes, 'g')).toThrow('parseSyncId');
  refuses('SSTITCH_SYNC_ID_INVALID', () =>
    keys.createSyncId(wrong('2024-01-01'), new Uint8Array(16)),
  );
});

test.each(NO_BYTES)('refuses %j as a key', (value) => {
  const code = 'SSTITCH_KEY_MALFORMED';
  refuses(code, () => keys.parseKey(wrong(value)));
  expect(keys.classifyKey(wrong(value))).toMatchObject({ kind: 'malformed' });
  refuses(code, () => keys.decodeTuple(wrong(value)));
  refuses(code, () => keys.prefixSpan(wrong(value)));
  // An undefined offset means 0.
  refuses(code, () => keys.decodeU32(wrong(value)));
  refuses(code, () => keys.decodeI64(wrong(value)));
  refuses(code, () => keys.decodeBoolean(wrong(value)));
});

test('refuses buckets that do not exist, and offsets outside of the bytes', () => {
  const code = 'SSTITCH_KEY_MALFORMED';
  for (const bucket of ['grants', '', 5, null, undefined]) {
    refuses(code, () => keys.buildKey(wrong(bucket), SYNC, []));
    refuses(code, () => keys.buildKeyPrefix(wrong(bucket), SYNC, []));
    refuses(code, () => keys.bucketSpan(wrong(bucket), SYNC));
    refuses(code, () => keys.bucketLayout(wrong(bucket)));
  }
  const tuple = keys.encodeTuple(['g']);
  expect(keys.decodeTuple(tuple, tuple.length)).toEqual([]);
  for (const offset of [tuple.length + 1, -1, 0.5, Number.NaN, null, '0']) {
    refuses(code, () => keys.decodeTuple(tuple, wrong(offset)));
  }
});

test('refuses numbers of other types', () => {
  const code = 'SSTITCH_KEY_ELEMENT_INVALID';
  for (const value of ['1', 1.5, null, 1n]) refuses(code, () => keys.encodeU32(wrong(value)));
  for (const value of ['1', 1, null]) refuses(code, () => keys.encodeU64(wrong(value)));
  for (const value of ['1', 1, null]) refuses(code, () => keys.encodeI64(wrong(value)));
  for (const value of ['true', 1, null]) refuses(code, () => keys.encodeBoolean(wrong(value)));
});

test('accepts Buffers as bytes', () => {
  const key = keys.grantKey(keys.syncIdBytes(Buffer.from(SYNC)), 'g');
  expect(keys.parseKey(Buffer.from(key))).toMatchObject({ syncId: TEXT, elements: ['g'] });
});
