import type { UnsortedEntries } from '@sstitch/contract';
import { toHex } from '@sstitch/keys';
import { describe, expect, test } from 'vitest';
import {
  asset,
  entitlement,
  grant,
  OTHER_SYNC,
  resource,
  resourceType,
  SYNC,
} from '../../test/records.js';
import { recordEntries } from '../indexes/record-entries.js';
import type { SyncRecord } from '../record-types.js';
import { FULL_ARENA_BYTES, RecordArenas } from './record-arenas.js';

/** Maps keys to values, in hex. */
function entriesOf(pages: readonly UnsortedEntries[]): Map<string, string> {
  const entries = new Map<string, string>();
  for (const { prefix, bytes, keyEnds, ends, count } of pages) {
    for (let entry = 0; entry < count; entry++) {
      const start = entry === 0 ? 0 : (ends[entry - 1] as number);
      const key = toHex(prefix) + toHex(bytes.subarray(start, keyEnds[entry]));
      entries.set(key, toHex(bytes.subarray(keyEnds[entry], ends[entry])));
    }
  }
  return entries;
}

function expected(syncId: string, records: SyncRecord[]): Array<[string, string]> {
  return recordEntries(syncId, records).map(({ key, value }) => [toHex(key), toHex(value)]);
}

const RECORDS = [
  resourceType('user'),
  resource('user:ann', 'org:acme'),
  entitlement('staff:member', 'group:staff'),
  grant('g1'),
  grant('g\0\x01', { needsExpansion: true, sources: { b: {}, a: { isDirect: true } } }),
  // The entitlement has the same id as the grant.
  grant('ann', { entitlement: { entitlementId: 'ann' } }),
  asset('logo', new Uint8Array(3)),
];

describe('records in arenas', () => {
  test('have the entries that recordEntries returns, of every sync', () => {
    const arenas = new RecordArenas();
    const others = [resourceType('role', OTHER_SYNC), resource('user:bob', undefined, OTHER_SYNC)];
    for (const record of RECORDS) arenas.add(SYNC, record);
    for (const record of others) arenas.add(OTHER_SYNC, record);
    const all = [...expected(SYNC, RECORDS), ...expected(OTHER_SYNC, others)];
    expect(arenas.entries).toBe(all.length);
    expect(entriesOf(arenas.takeDownTo(0))).toEqual(new Map(all));
    expect(arenas.heldBytes).toBe(0);
    expect(arenas.takeDownTo(0)).toEqual([]);
  });

  test('have the given bytes instead of encoded ones', () => {
    const arenas = new RecordArenas();
    arenas.add(SYNC, resourceType('user'), Uint8Array.of(1, 2));
    expect([...entriesOf(arenas.takeDownTo(0)).values()]).toEqual(['0102']);
  });

  test('are taken once they fill an arena, and their memory is reused', () => {
    const arenas = new RecordArenas();
    const data = new Uint8Array(FULL_ARENA_BYTES / 4);
    for (let at = 0; at < 3; at++) arenas.add(SYNC, asset(`a${at}`, data));
    expect(arenas.takeFull()).toEqual([]);
    arenas.add(SYNC, asset('a3', data));
    arenas.add(SYNC, resourceType('user'));
    const [page, ...more] = arenas.takeFull();
    expect(more).toEqual([]);
    expect(page?.count).toBe(4);
    if (page === undefined) throw new Error('no page');
    arenas.reuse(page);
    arenas.add(SYNC, asset('a4', data));
    const pages = arenas.takeDownTo(0);
    expect(pages.map(({ count }) => count)).toEqual([1, 1]);
    // The new arena has the size of the previous one from the start, and the same block.
    expect(pages[0]?.bytes.buffer).toBe(page.bytes.buffer);
  });

  test('begin a small arena after one that was taken before it was full', () => {
    const arenas = new RecordArenas();
    const logo = () => arenas.add(SYNC, asset('logo', new Uint8Array(0)));
    logo();
    const { heldBytes } = arenas;
    arenas.add(SYNC, asset('photo', new Uint8Array(FULL_ARENA_BYTES)));
    expect(arenas.takeFull().map(({ count }) => count)).toEqual([2]);
    logo();
    expect(arenas.heldBytes).toBeGreaterThan(FULL_ARENA_BYTES);
    arenas.takeDownTo(0);
    logo();
    expect(arenas.heldBytes).toBe(heldBytes);
  });

  test('begin no larger arena after a large record', () => {
    const arenas = new RecordArenas();
    arenas.add(SYNC, asset('photo', new Uint8Array(4 * FULL_ARENA_BYTES)));
    expect(arenas.takeFull().map(({ count }) => count)).toEqual([1]);
    arenas.add(SYNC, asset('logo', new Uint8Array(0)));
    expect(arenas.heldBytes).toBeLessThan(1.5 * FULL_ARENA_BYTES);
  });

  test('are taken from the largest arenas until few enough are held', () => {
    const arenas = new RecordArenas();
    arenas.add(SYNC, asset('logo', new Uint8Array(50_000)));
    arenas.add(SYNC, resourceType('user'));
    expect(arenas.takeDownTo(10_000).map(({ count }) => count)).toEqual([1]);
    expect(arenas.heldBytes).toBeLessThan(10_000);
    expect(entriesOf(arenas.takeDownTo(0))).toEqual(
      new Map(expected(SYNC, [resourceType('user')])),
    );
  });

  test('hold the memory of their blocks, of which a few entries use little', () => {
    const arenas = new RecordArenas();
    for (const syncId of [SYNC, OTHER_SYNC]) {
      for (const record of [resourceType('user', syncId), grant('g1', { syncId })]) {
        arenas.add(syncId, record);
      }
    }
    const { heldBytes } = arenas;
    const blocks = arenas
      .takeDownTo(0)
      .flatMap(({ bytes, keyEnds, ends }) => [bytes, keyEnds, ends]);
    expect(heldBytes).toBe(blocks.reduce((sum, { buffer }) => sum + buffer.byteLength, 0));
    expect(arenas.heldBytes).toBe(0);
  });

  test('are refused with the same errors as by the store', () => {
    const arenas = new RecordArenas();
    const lone = grant('g', { principal: { resourceTypeId: 'user', resourceId: '\ud800' } });
    const wrong: Array<[string, SyncRecord, string]> = [
      [OTHER_SYNC, grant('g'), 'SSTITCH_RECORD_SYNC_MISMATCH'],
      ['nonsense', grant('g'), 'SSTITCH_SYNC_ID_INVALID'],
      [SYNC, grant('\ud800'), 'SSTITCH_KEY_ELEMENT_INVALID'],
      [SYNC, lone, 'SSTITCH_RECORD_INVALID'],
    ];
    for (const [syncId, record, code] of wrong) {
      expect(() => arenas.add(syncId, record)).toThrow(expect.objectContaining({ code }));
    }
  });
});
