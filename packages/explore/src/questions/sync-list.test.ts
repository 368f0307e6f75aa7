import { rmSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { makeExampleStore } from '../example-store.test-support.js';
import { StoreView } from '../view/store-view.js';
import { DirectorySource } from '../view/view-source.js';
import { QuestionParameters } from './question.js';
import { listSyncs } from './sync-list.js';

it('a page of syncs reads the counts of its own syncs only', async () => {
  const { directory, location } = await makeExampleStore();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const view = await StoreView.open(new DirectorySource(location));
  const read = vi.spyOn(view.records, 'getSyncStats');
  const parameters = new QuestionParameters(new URLSearchParams());
  const { signal } = new AbortController();
  const list = await listSyncs({ view, parameters, signal });
  const first = await list.page(1, undefined);
  expect(first).toMatchObject({ items: [{}], next: '1' });
  expect(read).toHaveBeenCalledTimes(1);
  expect((await list.page(1, '1')).items).not.toEqual(first.items);
  await view.close();
});
