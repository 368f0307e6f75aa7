// Real stores in temporary directories, with keys of the layout and arbitrary values.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ByteOperation,
  byteEncodings,
  type ReadableEngine,
  type ReadWriteEngine,
} from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import {
  assetKey,
  BUCKETS,
  type Bucket,
  bucketSpan,
  createSyncId,
  entitlementByResourceKey,
  entitlementKey,
  formatSyncId,
  grantByEntitlementKey,
  grantByNeedsExpansionKey,
  grantByPrincipalKey,
  grantByPrincipalResourceTypeKey,
  grantKey,
  parseSyncId,
  resourceByParentKey,
  resourceKey,
  resourceTypeKey,
  syncRunKey,
  syncStatsKey,
} from '@sstitch/keys';
import { ClassicLevel } from 'classic-level';
import { onTestFinished } from 'vitest';

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sstitch-compactor-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export async function openStore(directory?: string): Promise<Store> {
  const store = new Store(directory ?? join(await temporaryDirectory(), 'store'));
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

/** Opens a database without tables to link. */
export async function openPlainLevel(): Promise<ClassicLevel> {
  const database = new ClassicLevel(await temporaryDirectory());
  onTestFinished(() => database.close());
  await database.open();
  return database;
}

/** Returns the text form of a sync id. Ids sort by `number`. */
export function syncIdOf(number: number): string {
  const time = new Date(Date.UTC(2024, 0, 1) + number * 1000);
  return formatSyncId(createSyncId(time, new Uint8Array(16).fill(number)));
}

const text = new TextEncoder();

function value(bucket: Bucket, index: number, revision: number): Uint8Array {
  return text.encode(`${bucket} ${index} of revision ${revision} ${'x'.repeat(40 + (index % 30))}`);
}

/** Returns grants and their index entries, from number `first` on. */
export function grantEntries(
  syncId: string,
  count: number,
  { revision = 0, first = 0 } = {},
): Array<readonly [Uint8Array, Uint8Array]> {
  const sync = parseSyncId(syncId);
  const none = new Uint8Array(0);
  const entries: Array<readonly [Uint8Array, Uint8Array]> = [];
  for (let index = first; index < first + count; index++) {
    const id = `grant-${String(index).padStart(7, '0')}`;
    const user = `user-${index % 97}`;
    entries.push(
      [grantKey(sync, id), value('grant', index, revision)],
      // The revision is in the index keys too, so that a stale entry is noticed.
      [grantByEntitlementKey(sync, `ent-${revision}-${index % 7}`, 'user', user, id), none],
      [grantByPrincipalKey(sync, 'user', user, id), none],
      [grantByPrincipalResourceTypeKey(sync, 'user', id), none],
    );
    if (index % 5 === 0) entries.push([grantByNeedsExpansionKey(sync, id), none]);
  }
  return entries;
}

/** Returns entries in each of the 13 buckets. */
export function allBucketEntries(
  syncId: string,
  count: number,
  revision = 0,
): Array<readonly [Uint8Array, Uint8Array]> {
  const sync = parseSyncId(syncId);
  const none = new Uint8Array(0);
  const entries = grantEntries(syncId, count, { revision });
  for (let index = 0; index < count; index++) {
    const id = `r${revision}-${index}`;
    entries.push(
      [resourceTypeKey(sync, id), value('resource_type', index, revision)],
      [resourceKey(sync, 'group', id), value('resource', index, revision)],
      [resourceByParentKey(sync, 'org', 'main', 'group', id), none],
      [entitlementKey(sync, id), value('entitlement', index, revision)],
      [entitlementByResourceKey(sync, 'group', id, id), none],
      [assetKey(sync, id), value('asset', index, revision)],
    );
  }
  entries.push(
    [syncRunKey(sync), value('sync_run', 0, revision)],
    [syncStatsKey(sync), value('sync_stats', 0, revision)],
  );
  return entries;
}

export async function write(
  database: ReadWriteEngine,
  entries: ReadonlyArray<readonly [Uint8Array, Uint8Array]>,
): Promise<void> {
  const operations = entries.map(([key, value]): ByteOperation => ({ type: 'put', key, value }));
  for (let first = 0; first < operations.length; first += 2000) {
    await database.batch(operations.slice(first, first + 2000), byteEncodings);
  }
}

/** Formats bytes through Buffer, which is native, as these tests format about 100,000 entries. */
function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

type Reads = { readonly snapshot?: ReturnType<ReadableEngine['snapshot']> };

/** Returns all entries of a bucket of a sync as readable text. */
export async function dumpBucket(
  database: ReadableEngine,
  syncId: string,
  bucket: Bucket,
  reads: Reads = {},
): Promise<string[]> {
  const { start, end } = bucketSpan(bucket, syncId);
  const iterator = database.iterator({
    ...byteEncodings,
    ...reads,
    gte: start,
    ...(end === undefined ? {} : { lt: end }),
  });
  return readAll(iterator);
}

/** Returns all entries of a sync, for comparing two stores. */
export async function dumpSync(
  database: ReadableEngine,
  syncId: string,
  reads: Reads = {},
): Promise<string[]> {
  const lines: string[] = [];
  for (const { bucket } of BUCKETS) {
    lines.push(`# ${bucket}`, ...(await dumpBucket(database, syncId, bucket, reads)));
  }
  return lines;
}

/** What `dumpSync` returns for a sync that does not exist. */
export const EMPTY_DUMP: readonly string[] = BUCKETS.map(({ bucket }) => `# ${bucket}`);

/** Returns all entries of a database. */
export async function dumpAll(database: ReadableEngine): Promise<string[]> {
  return readAll(database.iterator({ ...byteEncodings }));
}

export async function readAll(iterator: ReturnType<ReadableEngine['iterator']>): Promise<string[]> {
  const lines: string[] = [];
  try {
    for (;;) {
      const page = await iterator.nextv(1000);
      if (page.length === 0) return lines;
      for (const [key, value] of page) lines.push(`${hexOf(key)} ${hexOf(value)}`);
    }
  } finally {
    await iterator.close();
  }
}

export async function countGrants(database: ReadableEngine, syncId: string): Promise<number> {
  return (await dumpBucket(database, syncId, 'grant')).length;
}

/** Returns the error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise was to reject');
}
