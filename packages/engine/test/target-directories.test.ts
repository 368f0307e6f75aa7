// The directories that an operation makes for a store: missing parents, and paths that end in a slash.
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adopt } from '../src/index.js';
import {
  type ByteStore,
  currentDirectory,
  expectContents,
  numbered,
  openStore,
  put,
  temporaryDirectory,
} from './store-fixture.js';
import { fileError, type WatchedFileSystem, watchedFileSystem } from './watched-file-system.js';

const MODEL = numbered('k', 20, 'v');

type Make = (store: ByteStore, target: string, fileSystem: WatchedFileSystem) => Promise<unknown>;

const COPIES: Record<string, Make> = {
  'a checkpoint': (store, target) => store.checkpoint(target),
  'a checkpoint for Pebble': (store, target) => store.checkpoint(target, { format: 'pebble' }),
  'an adoption': async (store, target, fileSystem) =>
    adopt(await currentDirectory(store), target, { fileSystem }),
};

const MAKINGS: Record<string, Make> = {
  ...COPIES,
  'an open': async (_, target, fileSystem) => {
    const made = await openStore(target, { fileSystem });
    await made.close();
  },
};

async function scene() {
  const directory = temporaryDirectory();
  const fileSystem = watchedFileSystem();
  const store = await openStore(join(directory, 'store'), { fileSystem });
  await put(store, MODEL);
  return { directory, fileSystem, store };
}

describe.each(Object.entries(MAKINGS))('%s', (_, make) => {
  test.each(['target', 'target/', 'missing/target', 'missing/target/', 'missing//target//'])(
    'into %s makes the names of its directories durable',
    async (target) => {
      const { directory, fileSystem, store } = await scene();
      const fsynced = new Set<string>();
      fileSystem.before = ({ name, path }) => {
        if (name === 'fsyncDir') fsynced.add(resolve(path));
      };
      await make(store, `${directory}/${target}`, fileSystem);
      const made = resolve(directory, target);
      expect(readdirSync(made)).toContain('CURRENT');
      expect([...fsynced]).toEqual(expect.arrayContaining([directory, dirname(made), made]));
      await expectContents(store, MODEL);
    },
  );
});

describe.each(Object.entries(COPIES))('%s', (_, make) => {
  test('that fails leaves none of the directories that it made, and those that were there', async () => {
    const { directory, fileSystem, store } = await scene();
    mkdirSync(join(directory, 'there'));
    for (let index = 0; ; index++) {
      let count = 0;
      fileSystem.before = ({ name, path }) => {
        const fits = path.startsWith(join(directory, 'there'));
        if (fits && count++ === index) throw fileError('EIO', name, path);
      };
      const outcome = await make(store, join(directory, 'there/new/deep/target'), fileSystem).then(
        () => 'done',
        () => 'failed',
      );
      fileSystem.before = () => undefined;
      if (outcome === 'done') break;
      expect([index, readdirSync(join(directory, 'there'))]).toEqual([index, []]);
    }
  });
});
