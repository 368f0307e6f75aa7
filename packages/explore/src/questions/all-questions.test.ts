// What is asked over HTTP, and what the answers are.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { openReadOnly, Store } from '@sstitch/engine';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import { ResourceRecordSchema, SyncStore } from '@sstitch/records';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  entitlementId,
  HOSTILE_NAMES,
  makeExampleStore,
  NEW_SYNC,
  OLD_SYNC,
} from '../example-store.test-support.js';
import { type Explorer, explore } from '../explore.js';
import { ExplorerClient } from '../explorer-client.test-support.js';
import type {
  AccessShape,
  ChangeShape,
  DifferenceShape,
  ExplanationShape,
  GenerationShape,
  GraphShape,
  LevelsShape,
  ListPage,
  ResourceShape,
  SearchShape,
  StoreShape,
  SyncDetailShape,
  SyncShape,
} from '../shapes.js';

const MEMBER_OF_STAFF = entitlementId(['group', 'staff'], 'member');
const DATABASE_ADMIN = entitlementId(['app', 'production-db'], 'admin');

let directory: string;
let explorer: Explorer;
let client: ExplorerClient;

beforeAll(async () => {
  const made = await makeExampleStore();
  directory = made.directory;
  explorer = await explore(made.location);
  client = new ExplorerClient(explorer);
});
afterAll(async () => {
  await explorer.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the syncs', () => {
  it('come newest first, with counts and times', async () => {
    const { items, next } = await client.ask<ListPage<SyncShape>>('api/syncs');
    expect(next).toBeNull();
    expect(items.map(({ syncId }) => syncId)).toEqual([NEW_SYNC, OLD_SYNC]);
    expect(items[0]).toMatchObject({
      startedAt: '2026-11-29T08:00:00.000Z',
      counts: { resourceTypes: 3, resources: 158, entitlements: 4, grants: 166, assets: 0 },
      versionOf: null,
    });
  });

  it('have their resource types', async () => {
    const sync = await client.ask<SyncDetailShape>('api/sync', { sync: NEW_SYNC });
    expect(sync.resourceTypes.find(({ id }) => id === 'group')).toEqual({
      id: 'group',
      name: 'Group',
      traits: ['GROUP'],
      resources: 2,
    });
  });
});

describe('a list', () => {
  it('is read in pages with stable cursors, and as one CSV file', async () => {
    const ids: string[] = [];
    let cursor = '';
    let pages = 0;
    do {
      const page: ListPage<ResourceShape> = await client.ask('api/resources', {
        ...{ sync: NEW_SYNC, type: 'user', limit: '40', cursor },
      });
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.next ?? '';
      pages += 1;
    } while (cursor !== '');
    expect(pages).toBe(4);
    expect(new Set(ids).size).toBe(155);
    const response = await client.request('csv/resources', { sync: NEW_SYNC, type: 'user' });
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe(
      'attachment; filename="resources.csv"',
    );
    const rows = (await response.text()).split('\r\n');
    expect(rows[0]).toBe('resource_type_id,resource_id,display_name,status,description');
    expect(rows.slice(1, -1).map((row) => row.split(',')[1])).toEqual(ids);
  });

  it('has no cell that a spreadsheet takes for a formula', async () => {
    const text = await (
      await client.request('csv/resources', { sync: NEW_SYNC, type: 'user' })
    ).text();
    expect(text).toContain(`"'${HOSTILE_NAMES.formula.replaceAll('"', '""')}"`);
  });

  it.each([
    ['limit', '0'],
    ['limit', '1001'],
    ['cursor', 'nonsense'],
  ])('with %s %s answers 400', async (name, value) => {
    const response = await client.request('api/resources', { sync: NEW_SYNC, [name]: value });
    expect(response.status).toBe(400);
  });
});

describe('search', () => {
  const search = async (text: string, more: Record<string, string> = {}): Promise<SearchShape> => {
    for (;;) {
      const found = await client.ask<SearchShape>('api/search', { sync: NEW_SYNC, text, ...more });
      if (found.isComplete) return found;
    }
  };

  it('finds names whatever their case, those that begin with the text first', async () => {
    const { items } = await search('ARCH');
    expect(items).toEqual([
      { kind: 'resource', type: 'user', id: 'user-0000', name: 'Ann Archer' },
    ]);
    const ids = (await search('e')).items.map(({ id }) => id);
    expect(ids[0]).toBe('engineering');
  });

  it('finds entitlements with their resources', async () => {
    const { items } = await search('admin');
    expect(items).toEqual([
      {
        kind: 'entitlement',
        id: DATABASE_ADMIN,
        name: 'Admin',
        resource: { type: 'app', id: 'production-db', name: 'Production DB' },
      },
    ]);
  });

  it('keeps to a type and a limit', async () => {
    expect((await search('user', { type: 'user', limit: '7' })).items).toHaveLength(7);
    expect((await search('staff', { kind: 'entitlement' })).items.map(({ id }) => id)).toEqual([
      MEMBER_OF_STAFF,
    ]);
  });

  it('can be prepared by reading the names', async () => {
    await expect
      .poll(() => client.ask('api/names', { sync: NEW_SYNC }))
      .toEqual({ searched: 162, isReading: false });
    expect((await client.request('api/names', { sync: 'no sync' })).status).toBe(400);
  });

  it('answers 400 if there is nothing to search for', async () => {
    expect((await client.request('api/search', { sync: NEW_SYNC, text: '  ' })).status).toBe(400);
  });
});

describe('access', () => {
  const ann = { sync: NEW_SYNC, type: 'user', id: 'user-0000' };

  it('of a principal is its own and what follows', async () => {
    const { items } = await client.ask<ListPage<AccessShape>>('api/access', ann);
    expect(items.map(({ entitlement, isDirect }) => [entitlement.id, isDirect])).toEqual([
      ['app:production-db:read', true],
      [MEMBER_OF_STAFF, true],
      [DATABASE_ADMIN, false],
      [entitlementId(['group', 'engineering'], 'member'), false],
    ]);
  });

  it('to an entitlement is read in pages', async () => {
    const parameters = { sync: NEW_SYNC, entitlement: DATABASE_ADMIN, limit: '100' };
    const first = await client.ask<ListPage<AccessShape>>('api/holders', parameters);
    expect(first.items).toHaveLength(100);
    const rest = await client.ask<ListPage<AccessShape>>('api/holders', {
      ...parameters,
      cursor: first.next ?? '',
    });
    expect(first.items.length + rest.items.length).toBe(156);
    expect(rest.next).toBeNull();
  });

  it('is explained by its path', async () => {
    const { paths, hasMore } = await client.ask<ExplanationShape>('api/explain', {
      ...ann,
      entitlement: DATABASE_ADMIN,
    });
    expect(hasMore).toBe(false);
    expect(paths.map((path) => path.map(({ entitlement }) => entitlement.id))).toEqual([
      [MEMBER_OF_STAFF, entitlementId(['group', 'engineering'], 'member'), DATABASE_ADMIN],
    ]);
  });

  it('that does not exist answers 404 in one line', async () => {
    const response = await client.request('api/explain', {
      ...ann,
      id: 'nobody',
      entitlement: 'nothing',
    });
    expect(response.status).toBe(404);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toMatch(/^the sync holds no access of "nobody" to "nothing"/);
  });

  it('is drawn as a graph, with principals on the left', async () => {
    const graph = await client.ask<GraphShape>('api/graph', ann);
    const columns = graph.nodes.map(({ name, detail, column }) => [name, detail, column]);
    expect(columns).toContainEqual(['Ann Archer', 'user', 0]);
    expect(columns).toContainEqual(['Admin', 'Production DB', 3]);
    const holders = await client.ask<GraphShape>('api/graph', {
      sync: NEW_SYNC,
      entitlement: DATABASE_ADMIN,
    });
    expect(holders.hasMore).toBe(true);
    expect(holders.nodes.length).toBeLessThanOrEqual(91);
  });
});

describe('the difference of two syncs', () => {
  const pair = { before: OLD_SYNC, after: NEW_SYNC };

  it('is counted and described', async () => {
    const difference = await client.ask<DifferenceShape>('api/difference', pair);
    expect(difference.counts.find(({ bucket }) => bucket === 'grant')).toEqual({
      ...{ bucket: 'grant', added: 5, removed: 1, changed: 0 },
    });
    expect(difference.sentences.length).toBeGreaterThan(0);
  });

  it('is listed change by change', async () => {
    const { items } = await client.ask<ListPage<ChangeShape>>('api/changes', {
      ...pair,
      kind: 'removed',
    });
    expect(items.map(({ text }) => text)).toEqual(['Ann Archer has member on Engineering']);
    const csv = await (await client.request('csv/changes', pair)).text();
    expect(csv.split('\r\n')).toHaveLength(8);
  });
});

describe('what lies on disk', () => {
  it('is shown level by level', async () => {
    const { levels, generation, omitted, logBytes } = await client.ask<LevelsShape>('api/levels');
    expect(generation).toMatch(/^gen-\d{6}$/);
    expect(omitted).toBe(0);
    const tables = levels.flatMap((level) => level.tables);
    expect(tables.length > 0 || logBytes > 0).toBe(true);
    for (const { syncIds } of tables) expect(syncIds.length).toBeGreaterThan(0);
  });

  it('is shown generation by generation', async () => {
    const { items } = await client.ask<ListPage<GenerationShape>>('api/generations');
    expect(items.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
    expect(items[0]?.committedAt).toMatch(/^\d{4}-/);
  });

  it('shows which files a commit added and removed, while a reader keeps the generation before', async () => {
    const made = await makeExampleStore();
    const store = new Store<Uint8Array, Uint8Array>(made.location, {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    await store.open();
    const spans = syncSpansInKeyOrder(NEW_SYNC).map(({ span }) => span);
    await store.replaceSpans([{ start: Uint8Array.of(0xee), end: Uint8Array.of(0xef) }], onePage());
    const reader = store.iterator();
    await store.excise(spans);
    const other = await explore(made.location);
    const asked = new ExplorerClient(other);
    const { items } = await asked.ask<ListPage<GenerationShape>>('api/generations');
    const [current, before] = items;
    expect(items).toHaveLength(2);
    expect(before?.changes).toBeNull();
    const { added, removed } = current?.changes ?? {};
    expect(removed?.files).toBeGreaterThan(0);
    expect((before?.bytes ?? 0) - (removed?.bytes ?? 0) + (added?.bytes ?? 0)).toBe(current?.bytes);
    const csv = await (await asked.request('csv/generations')).text();
    expect(csv.split('\r\n')[1]?.split(',').slice(-2)).toEqual([
      String(removed?.files),
      String(removed?.bytes),
    ]);
    await reader.close();
    await store.close();
    await other.close();
    rmSync(made.directory, { recursive: true, force: true });
  });
});

async function* onePage() {
  yield [[Uint8Array.of(0xee, 1), Uint8Array.of(1)]] as const;
}

describe('a store that the caller opens', () => {
  it('answers all questions but those about files', async () => {
    const made = await makeExampleStore();
    let isOpen = 0;
    const other = await explore({
      location: 'postgres://db/tenants/one',
      name: 'one',
      open: async (signal) => {
        const engine = await openReadOnly<Uint8Array, Uint8Array>(made.location, {
          keyEncoding: 'view',
          valueEncoding: 'view',
          signal,
        });
        isOpen += 1;
        const sizeless = new Proxy(engine, {
          get: (target, name) => {
            if (name === 'approximateSize') return undefined;
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
        return {
          engine: sizeless,
          close: async () => {
            isOpen -= 1;
            await engine.close();
          },
        };
      },
    });
    const asked = new ExplorerClient(other);
    expect(await asked.ask<StoreShape>('api/store')).toMatchObject({
      name: 'one',
      location: 'postgres://db/tenants/one',
      generation: null,
      currentGeneration: null,
    });
    await asked.ask('api/store', { refresh: '1' });
    const { items } = await asked.ask<ListPage<SyncShape>>('api/syncs');
    expect(items.map(({ syncId, bytes }) => [syncId, bytes])).toEqual([
      [NEW_SYNC, null],
      [OLD_SYNC, null],
    ]);
    const who = { sync: NEW_SYNC, entitlement: DATABASE_ADMIN };
    expect((await asked.ask<ListPage<AccessShape>>('api/holders', who)).items).not.toEqual([]);
    for (const question of ['api/levels', 'api/tables', 'api/generations']) {
      expect((await asked.request(question)).status).toBe(404);
    }
    await other.close();
    expect(isOpen).toBe(0);
    rmSync(made.directory, { recursive: true, force: true });
  });
});

it('a time that no date can hold is shown as the nearest, and hides nothing else', async () => {
  const made = await makeExampleStore();
  const store = new Store<Uint8Array, Uint8Array>(made.location, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  const discoveredAt = { seconds: 2n ** 62n };
  const init = { syncId: NEW_SYNC, resourceTypeId: 'user', resourceId: 'user-0000', discoveredAt };
  await new SyncStore(store).putMany(NEW_SYNC, [create(ResourceRecordSchema, init)]);
  await store.close();
  const other = await explore(made.location);
  const list: ListPage<ResourceShape> = await new ExplorerClient(other).ask('api/resources', {
    ...{ sync: NEW_SYNC, type: 'user' },
  });
  expect(list.items[0]).toMatchObject({
    id: 'user-0000',
    discoveredAt: '9999-12-31T23:59:59.999Z',
  });
  expect(list.items).toHaveLength(100);
  await other.close();
  rmSync(made.directory, { recursive: true, force: true });
});

it('generations come newest first, whatever the length of their numbers', async () => {
  const made = await makeExampleStore();
  for (const name of ['gen-999999', 'gen-1000000']) mkdirSync(join(made.location, name));
  const other = await explore(made.location);
  const asked = new ExplorerClient(other);
  const { items } = await asked.ask<ListPage<GenerationShape>>('api/generations');
  expect(items.slice(0, 2).map(({ name }) => name)).toEqual(['gen-1000000', 'gen-999999']);
  await other.close();
  rmSync(made.directory, { recursive: true, force: true });
});

it('a question that does not exist answers 404, one that lacks a parameter 400', async () => {
  expect((await client.request('api/nothing')).status).toBe(404);
  expect((await client.request('api/constructor')).status).toBe(404);
  expect((await client.request('csv/nothing')).status).toBe(404);
  expect((await client.request('api/resource', { sync: NEW_SYNC })).status).toBe(400);
  expect((await client.request('api/sync', { sync: 'nonsense' })).status).toBe(400);
});
