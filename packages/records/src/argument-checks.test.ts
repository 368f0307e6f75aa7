// Values that plain JavaScript can pass to the functions of this package in place of records, ids and bytes.
import { create } from '@bufbuild/protobuf';
import { KeysError } from '@sstitch/keys';
import { describe, expect, test } from 'vitest';
import {
  decodeRecord,
  encodeRecord,
  GrantRecordSchema,
  RecordsError,
  recordEntries,
} from './index.js';
import { RecordArenas } from './load/record-arenas.js';

const SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';
const KEY = Uint8Array.of(3);
const grant = (externalId: unknown) =>
  Object.assign(create(GrantRecordSchema, { syncId: SYNC }), {
    externalId: externalId as string,
  });

describe('a value that is not bytes', () => {
  test.each(['text', 5, null, undefined, {}, [8, 1]])('refuses %j as a stored record', (value) => {
    expect(() => decodeRecord('grant', KEY, value as never)).toThrow(
      expect.objectContaining({ name: 'RecordsError', code: 'SSTITCH_RECORD_UNDECODABLE' }),
    );
  });

  test.each(['text', 5, null, {}, [8, 1]])('refuses %j as a value of a bulk load', (value) => {
    const arenas = new RecordArenas();
    expect(() => arenas.add(SYNC, grant('g'), value as never)).toThrow(
      expect.objectContaining({ name: 'RecordsError', code: 'SSTITCH_RECORD_INVALID' }),
    );
    expect(arenas.entries).toBe(0);
  });
});

describe('an id that is not a string', () => {
  test.each([5, null, undefined, {}, ['g']])('refuses %j in a key', (id) => {
    for (const call of [
      () => recordEntries(SYNC, [grant(id)]),
      () => new RecordArenas().add(SYNC, grant(id)),
    ]) {
      expect(call).toThrow(KeysError);
    }
  });

  test.each([5, null, undefined, {}])('refuses %j as a sync id', (syncId) => {
    expect(() => recordEntries(syncId as never, [])).toThrow(KeysError);
    expect(() => new RecordArenas().add(syncId as never, grant('g'))).toThrow(KeysError);
  });
});

test.each([null, undefined, 'grant', {}, 5])('refuses %j as a record', (record) => {
  for (const call of [
    () => encodeRecord(record as never),
    () => recordEntries(SYNC, [record as never]),
    () => new RecordArenas().add(SYNC, record as never),
  ]) {
    expect(call).toThrow(RecordsError);
    expect(call).toThrow(expect.objectContaining({ code: 'SSTITCH_RECORD_INVALID' }));
  }
});
