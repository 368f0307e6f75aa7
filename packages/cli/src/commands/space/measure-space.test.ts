import { expect, it } from 'vitest';
import { sstitchJson, testDirectory } from '../../../test/in-process.js';
import type { ProgressLine } from '../../terminal/progress-line.js';
import type { Progress } from '../../terminal/progress-text.js';
import { measureSpace } from './measure-space.js';

it('ends at the next table when its signal fires', async () => {
  const store = testDirectory();
  await sstitchJson('generate', store, '--grants', '300');
  const controller = new AbortController();
  const seen: number[] = [];
  const progress = {
    isDue: false,
    update: ({ doing, done = 0 }: Progress) => {
      if (doing !== 'measuring') return;
      seen.push(done);
      // As a signal of the process does, which arrives between two turns.
      setImmediate(() => controller.abort(new Error('interrupted')));
    },
  } as unknown as ProgressLine;
  const measuring = measureSpace(store, { exact: true, signal: controller.signal, progress });
  await expect(measuring).rejects.toThrow('interrupted');
  expect(seen).toEqual([0]);
});

it('counts for a sync no block of a table in which it has no entry', async () => {
  const store = testDirectory();
  // Each table of a bulk load holds entries of one sync.
  await sstitchJson('generate', store, '--grants', '60', '--syncs', '2');
  const progress = { isDue: false, update: () => undefined } as unknown as ProgressLine;
  const { signal } = new AbortController();
  const { dataBytes, syncs } = await measureSpace(store, { exact: false, signal, progress });
  expect(syncs.reduce((sum, { tableBytes }) => sum + tableBytes, 0)).toBe(dataBytes);
});
