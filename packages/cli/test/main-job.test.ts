// The main job as a new user runs it: imports a sync file into a source, and compacts it into a base with a
// stale version of that sync and two other syncs. Runs with a generated file and, if it is present outside the
// repository, with a real one.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GrantToWrite, makeC1z } from '@sstitch/c1z/testing';
import { openReadOnly, Store } from '@sstitch/engine';
import { BUCKETS, parseKey } from '@sstitch/keys';
import { SyncReader } from '@sstitch/records';
import { syntheticSyncId, writeSyntheticSync } from '@sstitch/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson } from './in-process.js';

const REAL_SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';
const REAL_FILE = fileURLToPath(
  new URL(`../../c1z/test-data/sync-${REAL_SYNC}.c1z`, import.meta.url),
);
const MADE_SYNC = '2Yq8hRAnJpTiW4vTzYxJc8o9gLm';
const MADE_GRANTS = 600;
const STALE_GRANTS = 500;
const OTHERS = [syntheticSyncId({ syncIndex: 1 }), syntheticSyncId({ syncIndex: 2 })];

interface ImportedJson {
  readonly syncs: ReadonlyArray<{ syncId: string; records: Record<string, number>; keys: number }>;
}

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-main-job-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Writes a file like the real one, and also what that one lacks: parents, assets, a finished sync. */
async function makeFile(path: string): Promise<void> {
  const resource = (type: string, id: string) => ({ id: { resourceType: type, resource: id } });
  const grants = Array.from({ length: MADE_GRANTS }, (_, i): GrantToWrite => {
    const group = resource('group', `g${i % 3}`);
    const principal = i % 5 === 0 ? resource('group', `g${i % 7}`) : resource('user', `u${i % 50}`);
    const entitlement = { id: `group:g${i % 3}:member`, resource: group };
    return { message: { id: `grant-${i}`, entitlement, principal } };
  });
  const resources = [
    ...Array.from({ length: 7 }, (_, i) => resource('group', `g${i}`)),
    ...Array.from({ length: 50 }, (_, i) => ({
      ...resource('user', `u${i}`),
      parentResourceId: { resourceType: 'group', resource: `g${i % 7}` },
    })),
  ];
  const entitlements = [0, 1, 2].map((i) => ({
    id: `group:g${i}:member`,
    resource: resource('group', `g${i}`),
    displayName: `Member of group ${i}`,
  }));
  const assets = [{ externalId: 'logo', contentType: 'image/png', data: Buffer.from('png') }];
  const resourceTypes = [{ id: 'group' }, { id: 'user' }];
  const sync = { syncId: MADE_SYNC, resourceTypes, resources, entitlements, grants, assets };
  await makeC1z(path, { syncs: [sync] });
}

describe.each([
  { name: 'a real sync file', syncId: REAL_SYNC, file: () => REAL_FILE, real: true },
  {
    name: 'a generated sync file',
    syncId: MADE_SYNC,
    file: () => join(directory, 'made.c1z'),
    real: false,
  },
])('the main job on $name', ({ syncId, file, real, name }) => {
  const source = () => join(directory, `${name}-source`);
  const base = () => join(directory, `${name}-base`);
  let sourceDigest: string | undefined;
  let others: Record<string, string | undefined>;

  beforeAll(async () => {
    if (!real) await makeFile(file());
    await sstitchJson('import', file(), '--into', source());
    sourceDigest = (await digestsOf(source()))[syncId];
    await makeBase(base(), syncId);
    const digests = await digestsOf(base());
    others = Object.fromEntries(OTHERS.map((id) => [id, digests[id]]));
    expect(digests[syncId]).toBeDefined();
    expect(digests[syncId]).not.toBe(sourceDigest);
  });

  it('imports as many records as the file holds', async () => {
    const again = join(directory, `${name}-again`);
    const imported = await sstitchJson<ImportedJson>('import', file(), '--into', again);
    expect(imported.syncs.map((sync) => sync.syncId)).toEqual([syncId]);
    expect(imported.syncs[0]?.records).toMatchObject(
      real
        ? { resource_type: 4, resource: 1221, entitlement: 342, grant: 2909, asset: 0 }
        : { resource_type: 2, resource: 57, entitlement: 3, grant: MADE_GRANTS, asset: 1 },
    );
  });

  it('lists every grant by entitlement, by principal and by principal type', async () => {
    const store = await openReadOnly(source());
    try {
      const reader = new SyncReader(store);
      const all = await collect(reader.listGrants(syncId));
      expect(all).toHaveLength(real ? 2909 : MADE_GRANTS);
      const byEntitlement = groupBy(all, (grant) => grant.entitlement?.entitlementId ?? '');
      for (const [entitlementId, grants] of byEntitlement) {
        const listed = await collect(reader.listGrantsByEntitlement(syncId, entitlementId));
        expect(ids(listed)).toEqual(ids(grants));
      }
      const byPrincipal = groupBy(all, ({ principal }) =>
        JSON.stringify([principal?.resourceTypeId, principal?.resourceId]),
      );
      for (const [key, grants] of byPrincipal) {
        const [resourceTypeId = '', resourceId = ''] = JSON.parse(key) as string[];
        const listed = await collect(
          reader.listGrantsByPrincipal(syncId, { resourceTypeId, resourceId }),
        );
        expect(ids(listed)).toEqual(ids(grants));
      }
      const byType = groupBy(all, (grant) => grant.principal?.resourceTypeId ?? '');
      for (const [type, grants] of byType) {
        const listed = await collect(reader.listGrantsByPrincipalResourceType(syncId, type));
        expect(ids(listed)).toEqual(ids(grants));
      }
      if (real) {
        expect(byEntitlement.get('group:group-everyone:member')).toHaveLength(1000);
        expect(byPrincipal.get('["group","group-0000010"]')).toHaveLength(111);
        expect(byType.get('user')).toHaveLength(2500);
        expect(byType.get('group')).toHaveLength(409);
      }
    } finally {
      await store.close();
    }
  });

  it.each(['link', 'rebuild', 'auto'])(
    'compacts with %s: the sync equals that of the source, no entry is stale, other syncs are unchanged, verify passes',
    async (strategy) => {
      const copy = join(directory, `${name}-base-${strategy}`);
      cpSync(base(), copy, { recursive: true });
      const compacted = await sstitchJson<{ buckets: Array<{ bucket: string }> }>(
        ...['compact', '--base', copy, '--from', source()],
        ...['--sync', syncId, '--strategy', strategy],
      );
      expect(compacted.buckets.map(({ bucket }) => bucket)).toEqual(BUCKETS.map((b) => b.bucket));
      await expectReplaced(copy);
      await compactFully(copy);
      await expectReplaced(copy);
    },
  );

  async function expectReplaced(store: string): Promise<void> {
    const digests = await digestsOf(store);
    expect(digests[syncId]).toBe(sourceDigest);
    for (const id of OTHERS) expect(digests[id]).toBe(others[id]);
    expect(await staleKeys(store, syncId)).toEqual([]);
    for (const path of [store, source()]) {
      const { exitCode, stdout, stderr } = await sstitch(['verify', path, '--json']);
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, problems: [] });
    }
  }
});

/** Creates a base with two other syncs and, under the sync's id, `STALE_GRANTS` other grants with their records. */
async function makeBase(path: string, syncId: string): Promise<void> {
  const store = new Store(path);
  try {
    for (const syncIndex of [1, 2]) {
      await writeSyntheticSync(store, { grants: 300, syncIndex, shuffle: true });
    }
    await writeStale(store, syncId);
  } finally {
    await store.close();
  }
}

/** Writes a synthetic sync's records under another id, with keys that are marked as stale. */
async function writeStale(store: Store, syncId: string): Promise<void> {
  const { BUCKETS: layouts, buildKey, parseSyncId } = await import('@sstitch/keys');
  const sync = parseSyncId(syncId);
  const operations = [];
  for (const { bucket, elements } of layouts) {
    const count = elements.length === 0 ? 1 : STALE_GRANTS;
    for (let i = 0; i < count; i++) {
      const key = buildKey(
        bucket,
        sync,
        elements.map((element) => `stale-${element}-${i}`),
      );
      operations.push({ type: 'put' as const, key, value: Buffer.from(`stale ${i}`) });
    }
  }
  await store.batch(operations, { keyEncoding: 'view', valueEncoding: 'view' });
}

async function staleKeys(path: string, syncId: string): Promise<string[]> {
  const store = await openReadOnly<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  const stale: string[] = [];
  try {
    for await (const [key, value] of store.iterator()) {
      const parsed = parseKey(key);
      if (parsed.syncId !== syncId) continue;
      const isStale = parsed.elements.some((element) => element.startsWith('stale-'));
      if (isStale || Buffer.from(value).toString('latin1').startsWith('stale ')) {
        stale.push(parsed.bucket);
      }
    }
  } finally {
    await store.close();
  }
  return stale;
}

/** Runs a full LevelDB compaction and closes the store, so that the next step reopens it. */
async function compactFully(path: string): Promise<void> {
  const store = new Store<Uint8Array, Uint8Array>(path, { keyEncoding: 'view' });
  try {
    await store.compactRange(new Uint8Array([0]), new Uint8Array([255]));
  } finally {
    await store.close();
  }
}

async function collect<T>(records: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const record of records) all.push(record);
  return all;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

function ids(grants: ReadonlyArray<{ readonly externalId: string }>): string[] {
  return grants.map(({ externalId }) => externalId).sort();
}
