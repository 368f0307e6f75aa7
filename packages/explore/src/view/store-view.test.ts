import { rmSync } from 'node:fs';
import { formatSyncId, syncIdBytes } from '@sstitch/keys';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeExampleStore, NEW_SYNC } from '../example-store.test-support.js';
import { StoreView } from './store-view.js';
import { DirectorySource } from './view-source.js';

/** More than a view keeps. */
const OTHERS = Array.from({ length: 4 }, (_, at) =>
  formatSyncId(syncIdBytes(new Uint8Array(20).fill(100 + at))),
);
const ANN = { resourceTypeId: 'user', resourceId: 'user-0000' };

describe('a view of many syncs', () => {
  let directory: string;
  let location: string;
  beforeAll(async () => {
    ({ directory, location } = await makeExampleStore());
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('closes the access of the sync used longest ago, but not while a question may use it', async () => {
    const view = await StoreView.open(new DirectorySource(location));
    const access = await view.accessOf(NEW_SYNC);
    const isOpen = async () => {
      const page = access.accessPage(ANN);
      return page.then(
        () => true,
        () => false,
      );
    };
    let answer = (): void => undefined;
    const question = view.use(
      () =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }),
    );
    for (const syncId of OTHERS) view.namesOf(syncId);
    expect(await isOpen()).toBe(true);
    answer();
    await question;
    await expect.poll(isOpen).toBe(false);
    expect(await view.accessOf(NEW_SYNC)).not.toBe(access);
    await view.close();
  });

  it('stops reading the names of a sync that it no longer keeps', async () => {
    const view = await StoreView.open(new DirectorySource(location));
    const names = view.namesOf(NEW_SYNC);
    for (const syncId of OTHERS) view.namesOf(syncId);
    await expect(names.whole).rejects.toMatchObject({ name: 'AbortError' });
    await view.close();
  });

  it('closes after its open questions', async () => {
    const view = await StoreView.open(new DirectorySource(location));
    const question = view.use(async ({ records }) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return records.getSyncRun(NEW_SYNC);
    });
    await view.close();
    expect((await question)?.syncId).toBe(NEW_SYNC);
  });
});
