import { nodeFileSystem } from '@sstitch/sst';
import { expect, test } from 'vitest';
import { sharedList } from './shared-list.js';
import { allWorkers, syncSharedFiles, syncSharedFilesAsync } from './sync-files.js';

const soon = () => new Promise((resolve) => setTimeout(resolve, 1));
const paths = Array.from({ length: 20 }, (_, file) => `file-${file}`);
const go = () => undefined;

test('every file is synced once, by whichever hand is free', async () => {
  const files = sharedList(paths);
  const synced: string[] = [];
  const hand = () =>
    syncSharedFilesAsync(
      files,
      async (path) => {
        await soon();
        synced.push(path);
      },
      undefined,
    );
  await allWorkers([hand(), hand(), hand()]);
  expect(synced.toSorted()).toEqual(paths.toSorted());
});

test('after a failure no file is begun, and those under way are waited for', async () => {
  const files = sharedList(paths);
  let begun = 0;
  let ended = 0;
  const hand = () =>
    syncSharedFilesAsync(
      files,
      async (path) => {
        begun++;
        await soon();
        ended++;
        if (path === 'file-4') throw new Error('no');
      },
      undefined,
    );
  await expect(allWorkers([hand(), hand()])).rejects.toThrow('no');
  expect(ended).toBe(begun);
  expect(begun).toBeLessThan(8);
});

test('a file that is not there is a failure, for all hands', () => {
  const files = sharedList(['/there/is/no/such', '/file']);
  expect(() => syncSharedFiles(nodeFileSystem, files, go)).toThrow('ENOENT');
  expect(() => syncSharedFiles(nodeFileSystem, files, go)).not.toThrow();
});

test('a signal ends it', async () => {
  const syncing = syncSharedFilesAsync(sharedList(paths), soon as never, AbortSignal.abort());
  await expect(syncing).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
});
