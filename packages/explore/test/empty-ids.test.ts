/// <reference lib="dom" />
// Resources whose type or id is empty.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { Store } from '@sstitch/engine';
import {
  EntitlementRecordSchema,
  GrantRecordSchema,
  ResourceRecordSchema,
  ResourceTypeRecordSchema,
  SyncStore,
} from '@sstitch/records';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NEW_SYNC as SYNC } from '../src/example-store.test-support.js';
import { type Explorer, explore } from '../src/explore.js';
import { ExplorerClient } from '../src/explorer-client.test-support.js';
import type {
  AccessShape,
  GraphShape,
  ListPage,
  NamedEntitlement,
  NamedResource,
  SearchShape,
} from '../src/shapes.js';
import { findChromium, launchBrowser } from './chromium.js';

const CHROMIUM = findChromium(process.env['SSTITCH_CHROMIUM']);
/** Of each resource, its type and its id. */
const RESOURCES = [
  ['', ''],
  ['', 'ann'],
  ['user', ''],
  ['user', 'ann'],
] as const;

let directory: string;
let explorer: Explorer;
let client: ExplorerClient;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-explore-empty-'));
  const store = new Store<Uint8Array, Uint8Array>(join(directory, 'store'), {
    ...{ keyEncoding: 'view', valueEncoding: 'view' },
  });
  const records = new SyncStore(store);
  const syncId = SYNC;
  await records.startSync({ syncId });
  await records.putMany(
    syncId,
    ['', 'user'].map((externalId) => create(ResourceTypeRecordSchema, { syncId, externalId })),
  );
  for (const [resourceTypeId, resourceId] of RESOURCES) {
    const resource = { resourceTypeId, resourceId };
    const entitlementId = `${resourceTypeId}:${resourceId}:use`;
    await records.putMany(syncId, [
      create(ResourceRecordSchema, { syncId, ...resource }),
      create(EntitlementRecordSchema, { syncId, resource, externalId: entitlementId }),
      // Each resource has the entitlement to use itself.
      create(GrantRecordSchema, {
        ...{ syncId, externalId: `${entitlementId}:self`, principal: resource },
        entitlement: { ...resource, entitlementId },
      }),
    ]);
  }
  await records.endSync(syncId);
  await store.close();
  explorer = await explore(join(directory, 'store'));
  client = new ExplorerClient(explorer);
});
afterAll(async () => {
  await explorer.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('a question about a type or an id that is empty', () => {
  it('lists the resources of that type only', async () => {
    const { items } = await client.ask<ListPage<NamedResource>>('api/resources', {
      ...{ sync: SYNC, type: '' },
    });
    expect(items.map(({ type, id }) => [type, id])).toEqual(RESOURCES.slice(0, 2));
  });

  it.each(RESOURCES)('is about the resource of type %j with id %j only', async (type, id) => {
    const of = { sync: SYNC, type, id };
    const entitlement = `${type}:${id}:use`;
    const entitlements = await client.ask<ListPage<NamedEntitlement>>('api/entitlements', of);
    // By the rules of Baton's storage, the index has no entry for a resource without an id.
    const indexed = id === '' ? [] : [entitlement];
    expect(entitlements.items.map((each) => each.id)).toEqual(indexed);
    const access = await client.ask<ListPage<AccessShape>>('api/access', of);
    expect(access.items).toMatchObject([
      { principal: { type, id }, entitlement: { id: entitlement } },
    ]);
    const { nodes } = await client.ask<GraphShape>('api/graph', of);
    expect(nodes).toMatchObject([{ resource: { type, id } }, { entitlementId: entitlement }]);
  });

  it('searches the resources of that type only', async () => {
    const query = { sync: SYNC, text: 'ann', type: '' };
    const { items } = await client.ask<SearchShape>('api/search', query);
    expect(items).toMatchObject([{ kind: 'resource', type: '', id: 'ann' }]);
  });
});

describe.skipIf(CHROMIUM === undefined)('the page', () => {
  it('has links to resources whose type or id is empty, and lists those of the empty type', async () => {
    const browser = await launchBrowser(CHROMIUM ?? '');
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(0);
      await page.goto(explorer.url);
      const goTo = (address: string) =>
        page.evaluate((hash) => {
          globalThis.location.hash = hash;
        }, address);
      const rows = page.locator('main tbody tr');
      for (const [at, [type, id]] of RESOURCES.entries()) {
        await goTo(`#/sync/${SYNC}`);
        await rows.nth(3).waitFor();
        await rows.nth(at).getByRole('link').first().click();
        await rows.getByRole('link', { name: `${type}:${id}:use`, exact: true }).waitFor();
        expect(new URL(page.url()).hash).toBe(`#/sync/${SYNC}/resource/${type}/${id}`);
        expect(await rows.count()).toBe(1);
        await rows.getByRole('link', { name: 'why' }).click();
        await page.getByText('by one path').waitFor();
      }
      await goTo(`#/sync/${SYNC}`);
      await rows.nth(3).waitFor();
      await page.getByLabel('Type').selectOption({ index: 1 });
      // The old rows leave before the new ones arrive.
      await rows.nth(2).waitFor({ state: 'detached' });
      await rows.nth(1).waitFor();
      expect(await rows.count()).toBe(2);
      expect(new URL(page.url()).hash).toBe(`#/sync/${SYNC}?type=`);
      await page.getByLabel('Type').selectOption('all types');
      await rows.nth(3).waitFor();
      expect(new URL(page.url()).hash).toBe(`#/sync/${SYNC}`);
    } finally {
      await browser.close();
    }
  });
});
