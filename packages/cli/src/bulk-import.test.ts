import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bucketSpan, toHex } from '@sstitch/keys';
import { recordEntries, type SyncRecord } from '@sstitch/records';
import { syntheticSync, syntheticSyncId } from '@sstitch/testkit';
import { describe, expect, it } from 'vitest';
import { testDirectory } from '../test/in-process.js';
import { BulkImport, type BulkImportOptions } from './bulk-import.js';
import { type ByteStore, withStore } from './stores/open-store.js';
import { spansOf } from './stores/sync-spans.js';

const SYNC = syntheticSyncId({});
const OTHER = syntheticSyncId({ syncIndex: 1 });

function recordsOf(syncIndex: number): SyncRecord[] {
  return [...syntheticSync({ grants: 300, syncIndex }).records()].flat();
}

/** Adds records of syncs by turns, in an order that is not that of their keys, and commits them. */
async function load(
  store: ByteStore,
  directory: string,
  syncs: ReadonlyArray<readonly [string, readonly SyncRecord[]]>,
  options?: BulkImportOptions,
): Promise<void> {
  mkdirSync(directory);
  const bulk = new BulkImport(directory, options);
  try {
    for (let at = 0; syncs.some(([, records]) => at < records.length); at++) {
      for (const [syncId, records] of syncs) {
        const record = records[(at * 7919) % records.length];
        if (at < records.length && record !== undefined) bulk.add(syncId, record);
      }
      await bulk.room();
    }
    await bulk.commit(store, spansOf(syncs.map(([syncId]) => syncId)));
  } finally {
    await bulk.end();
  }
}

async function contentsOf(store: ByteStore): Promise<string[]> {
  return (await store.iterator().all()).map(([key, value]) => `${toHex(key)} ${toHex(value)}`);
}

describe('a bulk import', () => {
  it.each([
    ['in memory', {}, false],
    ['by way of many runs', { maxHeldBytes: 20_000 }, true],
  ])('leaves the store with the records of its syncs, %s', async (_how, options, hasMerged) => {
    const directory = testDirectory();
    const syncs = [SYNC, OTHER].map((syncId, index) => [syncId, recordsOf(index)] as const);
    await withStore(join(directory, 'store'), 'create', async (store) => {
      await load(store, join(directory, 'first'), [[SYNC, recordsOf(0).slice(0, 7)]]);
      await load(store, join(directory, 'load'), syncs, options);
      const entries = syncs.flatMap(([syncId, records]) => recordEntries(syncId, records));
      const wanted = entries.map(({ key, value }) => `${toHex(key)} ${toHex(value)}`);
      expect(await contentsOf(store)).toEqual(wanted.sort());
    });
    // What was not merged has moved into the store.
    expect(readdirSync(join(directory, 'load')).length > 0).toBe(hasMerged);
  });

  it.each([
    ['in memory', {}],
    ['in different runs', { maxHeldBytes: 20_000 }],
  ])('refuses a record that comes twice, %s, in words', async (_how, options) => {
    const directory = testDirectory();
    await withStore(join(directory, 'store'), 'create', async (store) => {
      const records = recordsOf(0);
      const twice = records.find(({ $typeName }) => $typeName === 'c1.storage.v3.GrantRecord');
      if (twice === undefined || !('externalId' in twice)) throw new Error('no grant');
      const loading = load(store, join(directory, 'load'), [[SYNC, [...records, twice]]], options);
      await expect(loading).rejects.toMatchObject({
        code: 'SSTITCH_IMPORT_INVALID',
        message: `the file holds a record twice: grant ${JSON.stringify(twice.externalId)}`,
      });
      expect(await contentsOf(store)).toEqual([]);
    });
  });

  it('refuses records outside the spans of the commit', async () => {
    const directory = testDirectory();
    await withStore(join(directory, 'store'), 'create', async (store) => {
      mkdirSync(join(directory, 'load'));
      const bulk = new BulkImport(join(directory, 'load'));
      for (const record of recordsOf(0)) bulk.add(SYNC, record);
      const commit = bulk.commit(store, [bucketSpan('grant', SYNC)]);
      await expect(commit).rejects.toMatchObject({ code: 'SSTITCH_ENTRIES_INVALID' });
      await bulk.end();
    });
  });
});
