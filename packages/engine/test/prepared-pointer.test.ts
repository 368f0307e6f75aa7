// The next CURRENT is prepared while a commit stages. A failed commit leaves none.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TableSource } from '../src/index.js';
import {
  expectContentsThroughout,
  numbered,
  openStore,
  put,
  span,
  temporaryDirectory,
} from './store-fixture.js';
import { watchedFileSystem } from './watched-file-system.js';

const SPANS = [span('k', 'l')];
const old = numbered('k', 10, 'old');

async function watchedBase() {
  const fileSystem = watchedFileSystem();
  const base = await openStore(join(temporaryDirectory(), 'base'), { fileSystem });
  await put(base, old);
  const pointers = () => readdirSync(base.location).filter((name) => name === 'CURRENT.tmp');
  return { base, fileSystem, pointers };
}

test('no next CURRENT is written before the source has been read', async () => {
  const { base, pointers } = await watchedBase();
  let seen: string[] = [];
  const failing: TableSource = {
    async extract() {
      await new Promise((resolve) => setImmediate(resolve));
      seen = pointers();
      throw new Error('no source');
    },
  };
  await expect(base.ingestFrom(failing, SPANS)).rejects.toThrow('no source');
  expect(seen).toEqual([]);
  await expectContentsThroughout(base, old);
});

test('if the next CURRENT cannot be written, none is left, and the base is unchanged', async () => {
  const { base, fileSystem, pointers } = await watchedBase();
  const source = await openStore(join(temporaryDirectory(), 'source'));
  await put(source, numbered('k', 5, 'new'));
  fileSystem.before = ({ name, path }) => {
    if (name !== 'write' || !path.endsWith('/CURRENT.tmp')) return;
    throw Object.assign(new Error('no'), { code: 'ENOSPC', syscall: 'write' });
  };
  await expect(base.ingestFrom(source, SPANS)).rejects.toMatchObject({
    code: 'SSTITCH_FILE_OPERATION',
  });
  expect(pointers()).toEqual([]);
  fileSystem.before = () => undefined;
  await expectContentsThroughout(base, old);
});
