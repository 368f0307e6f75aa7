import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { HOSTILE_NAMES, makeExampleStore, NEW_SYNC } from '../example-store.test-support.js';
import { explore } from '../explore.js';
import { ExplorerClient } from '../explorer-client.test-support.js';
import type { ListPage, ResourceShape } from '../shapes.js';

it('a profile, which may be long, is part of one resource only, not of a list', async () => {
  const made = await makeExampleStore();
  const explorer = await explore(made.location);
  const client = new ExplorerClient(explorer);
  const long = { type: 'user', id: 'z-long' };
  const one = await client.ask<ResourceShape>('api/resource', { sync: NEW_SYNC, ...long });
  expect(one).toMatchObject({ ...long, profile: { about: HOSTILE_NAMES.long } });
  const { items } = await client.ask<ListPage<ResourceShape>>('api/resources', {
    ...{ sync: NEW_SYNC, type: 'user', limit: '1000' },
  });
  const listed = items.find(({ id }) => id === long.id);
  expect(listed).toMatchObject(long);
  expect(listed).not.toHaveProperty('profile');
  await explorer.close();
  rmSync(made.directory, { recursive: true, force: true });
});
