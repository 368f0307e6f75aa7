import {
  type ByteOperation,
  boundsOf,
  byteEncodings,
  type ReadWriteEngine,
  readPages,
} from '@sstitch/contract';
import * as keys from '@sstitch/keys';
import { beforeEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../test/level-engine.js';
import {
  codeOf,
  collect,
  entitlement,
  grant,
  OTHER_SYNC,
  resource,
  resourceType,
  SYNC,
} from '../../test/records.js';
import { encodeRecord } from '../encoding/encode.js';
import { SyncStore } from '../store/sync-store.js';
import { verifyIndexes } from './verify-indexes.js';

const sync = keys.parseSyncId(SYNC);
const EMPTY = new Uint8Array(0);

let engine: ReadWriteEngine;

beforeEach(async () => {
  engine = await openEngine();
  await new SyncStore(engine).putMany(SYNC, [
    resourceType('user'),
    resource('user:ann', 'org:acme'),
    entitlement('staff:member', 'group:staff'),
    ...Array.from({ length: 600 }, (_, at) => grant(`g${at}`, { needsExpansion: at % 2 === 0 })),
  ]);
});

describe('verifying the indexes of a sync', () => {
  test('finds no problem after puts', async () => {
    expect(await problems()).toEqual([]);
  });

  test.each<[string, string[], ByteOperation[]]>([
    [
      'a missing index entry',
      ['missing_index_entry grant_by_principal'],
      [{ type: 'del', key: keys.grantByPrincipalKey(sync, 'user', 'ann', 'g7') }],
    ],
    [
      'an index entry of a missing record',
      ['stray_index_entry grant_by_needs_expansion'],
      [{ type: 'put', key: keys.grantByNeedsExpansionKey(sync, 'gone'), value: EMPTY }],
    ],
    [
      'an index entry that does not match its record',
      ['stray_index_entry grant_by_needs_expansion'],
      [{ type: 'put', key: keys.grantByNeedsExpansionKey(sync, 'g1'), value: EMPTY }],
    ],
    [
      'one missing and one stray entry of the same index',
      ['missing_index_entry resource_by_parent', 'stray_index_entry resource_by_parent'],
      [
        { type: 'del', key: keys.resourceByParentKey(sync, 'org', 'acme', 'user', 'ann') },
        {
          type: 'put',
          key: keys.resourceByParentKey(sync, 'org', 'old', 'user', 'ann'),
          value: EMPTY,
        },
      ],
    ],
    [
      'an entry that an entry of another record has replaced',
      ['missing_index_entry grant_by_principal', 'stray_index_entry grant_by_principal'],
      [
        { type: 'del', key: keys.grantByPrincipalKey(sync, 'user', 'ann', 'g7') },
        { type: 'put', key: keys.grantByPrincipalKey(sync, 'user', 'bob', 'g7'), value: EMPTY },
      ],
    ],
    [
      'an undecodable value, whose index entries are not judged',
      ['undecodable_value entitlement'],
      [
        {
          type: 'put',
          key: keys.entitlementKey(sync, 'staff:member'),
          value: Uint8Array.of(0x0a, 0xff),
        },
      ],
    ],
    [
      'a record whose sync is another',
      ['record_under_wrong_key resource_type'],
      [
        {
          type: 'put',
          key: keys.resourceTypeKey(sync, 'x'),
          value: encodeRecord(resourceType('x', OTHER_SYNC)),
        },
      ],
    ],
    [
      'a record whose id is another',
      ['record_under_wrong_key resource_type'],
      [
        {
          type: 'put',
          key: keys.resourceTypeKey(sync, 'x'),
          value: encodeRecord(resourceType('y')),
        },
      ],
    ],
    [
      'an index entry with a value',
      ['index_entry_with_value grant_by_needs_expansion'],
      [
        {
          type: 'put',
          key: keys.grantByNeedsExpansionKey(sync, 'g2'),
          value: Uint8Array.of(1),
        },
      ],
    ],
    [
      'malformed keys',
      ['malformed_key asset', 'malformed_key grant_by_principal'],
      [
        {
          type: 'put',
          key: keys.buildKeyPrefix('grant_by_principal', sync, ['user']),
          value: EMPTY,
        },
        { type: 'put', key: keys.buildKeyPrefix('asset', sync, []), value: EMPTY },
      ],
    ],
  ])('finds %s', async (_, wanted, damage) => {
    await engine.batch(damage, byteEncodings);
    expect(await problems()).toEqual(wanted);
  });

  test('finds wrong statistics once the sync has ended', async () => {
    const store = new SyncStore(engine);
    await store.startSync({ syncId: SYNC });
    const stats = await store.recountSync(SYNC);
    const key = keys.resourceTypeKey(sync, 'user');
    await engine.batch([{ type: 'del', key }], byteEncodings);
    // Until then they may be wrong: ending the sync rewrites them.
    expect(await problems()).toEqual([]);
    await store.endSync(SYNC, { measures: { stepDurationsMs: { all: 5n } } });
    expect(await problems()).toEqual([]);
    await store.put(SYNC, { ...stats, grants: 599n });
    expect(await problems()).toEqual(['wrong_stats sync_stats']);
    await store.recountSync(SYNC);
    expect(await problems()).toEqual([]);
    await engine.batch([{ type: 'put', key, value: Uint8Array.of(0x0a, 0xff) }], byteEncodings);
    expect(await problems()).toEqual(['undecodable_value resource_type']);
  });

  test('reports each key of the sync once, as it is read', async () => {
    const keysRead: number[] = [];
    const options = { onProgress: ({ keys }: { keys: number }) => keysRead.push(keys) };
    await collect(verifyIndexes(engine, SYNC, options));
    let total = 0;
    for (const { span } of keys.syncSpans(SYNC)) {
      for await (const page of readPages(engine, boundsOf(span))) total += page.length;
    }
    expect(keysRead.at(-1)).toBe(total);
    expect(keysRead).toEqual([...new Set(keysRead)].sort((a, b) => a - b));
  });

  test('an error of onProgress ends the verification', async () => {
    const onProgress = () => {
      throw new Error('stop');
    };
    await expect(collect(verifyIndexes(engine, SYNC, { onProgress }))).rejects.toThrow('stop');
  });

  test('names the key, and reads no other sync', async () => {
    const other = keys.parseSyncId(OTHER_SYNC);
    const key = keys.grantByNeedsExpansionKey(other, 'x');
    await engine.batch([{ type: 'put', key, value: EMPTY }], byteEncodings);
    expect(await problems()).toEqual([]);
    const [problem] = await collect(verifyIndexes(engine, OTHER_SYNC));
    expect(problem?.key).toEqual(key);
    expect(problem?.message).toContain(keys.toHex(key));
  });

  test('stops once its signal has fired', async () => {
    const run = () => collect(verifyIndexes(engine, SYNC, { signal: AbortSignal.abort() }));
    expect(await codeOf(run)).toBe('SSTITCH_ABORTED');
  });
});

async function problems(): Promise<string[]> {
  const found = await collect(verifyIndexes(engine, SYNC));
  return found.map(({ kind, bucket }) => `${kind} ${bucket}`);
}
