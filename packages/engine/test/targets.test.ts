// A copy of a store cannot be made inside the store.
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { expect, test } from 'vitest';
import { adopt, openReadOnly } from '../src/index.js';
import {
  currentDirectory,
  numbered,
  openStore,
  put,
  rejection,
  span,
  temporaryDirectory,
} from './store-fixture.js';

const X = [span('x', 'y')];

test('a checkpoint, an extract, an adopted store or a private copy inside the store is refused', async () => {
  const directory = temporaryDirectory();
  const store = await openStore(join(directory, 'store'));
  await put(store, numbered('x', 100, 'x'));
  const generation = await currentDirectory(store);
  mkdirSync(join(directory, 'else'));
  symlinkSync(store.location, join(directory, 'alias'));
  for (const inside of [
    join(store.location, 'backup'),
    join(store.location, 'a', 'deep', 'backup'),
    join(store.location, 'staging', 'backup'),
    join(generation, 'backup'),
    join(directory, 'alias', 'backup'),
    join(directory, 'else', '..', 'alias', 'gen-000001', 'backup'),
  ]) {
    expect((await rejection(store.checkpoint(inside))).code).toBe('SSTITCH_OPTION_INVALID');
    expect((await rejection(adopt(generation, inside, { fileSystem: nodeFileSystem }))).code).toBe(
      'SSTITCH_OPTION_INVALID',
    );
    if (!inside.includes('staging')) {
      expect((await rejection(store.extract(X, inside))).code).toBe('SSTITCH_OPTION_INVALID');
      const opened = await openReadOnly(store.location, { copyDirectory: inside }).catch(
        (error: { cause?: { code?: string } }) => error,
      );
      expect((opened as { cause?: { code?: string } }).cause?.code).toBe('SSTITCH_OPTION_INVALID');
    }
  }
  for (const around of [store.location, directory]) {
    expect((await rejection(store.checkpoint(around))).code).toBe('SSTITCH_TARGET_EXISTS');
  }
  expect(readdirSync(store.location).sort()).toEqual(['CURRENT', 'FORMAT', 'gen-000001']);
  await store.checkpoint(join(directory, 'store-2'));
  await store.close();
});

test('the refusal of a target says that the copy there is unfinished, and does not say so of a finished one', async () => {
  const directory = temporaryDirectory();
  const store = await openStore(join(directory, 'store'));
  await put(store, numbered('x', 100, 'x'));
  const target = join(directory, 'target');
  const messageFor = async (names: readonly string[]) => {
    for (const name of names) mkdirSync(join(target, name), { recursive: true });
    const { code, message } = await rejection(store.checkpoint(target));
    expect(code).toBe('SSTITCH_TARGET_EXISTS');
    rmSync(target, { recursive: true });
    return message;
  };
  for (const names of [['staging'], ['gen-000001'], ['building', 'CURRENT']]) {
    expect(await messageFor(names)).toBe(
      `the target directory is not empty: ${names[0]} is of a copy that is being made or was never finished; if no process makes it, remove the directory (${target})`,
    );
  }
  for (const names of [['other'], ['gen-000001', 'CURRENT']]) {
    expect(await messageFor(names)).toBe(
      `the target directory is not empty: name a new one (${target})`,
    );
  }
  await store.close();
});
