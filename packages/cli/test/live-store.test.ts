// Commands that copy from a store while another process writes it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { syntheticSyncId } from '@sstitch/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson, testDirectory } from './in-process.js';

const SYNC = syntheticSyncId({});
let directory: string;
let store: string;
let stop: () => Promise<void>;

beforeEach(async () => {
  directory = testDirectory();
  store = join(directory, 'store');
  await sstitchJson('generate', store, '--grants', '300', '--syncs', '2');
  stop = await writeElsewhere(store);
});
afterEach(() => stop());

it('checkpoint copies one state of the store', async () => {
  const copy = join(directory, 'copy');
  expect(await sstitchJson('checkpoint', store, copy)).toMatchObject({ copiedBytes: 0 });
  expect((await sstitch(['verify', copy, '--sync', 'latest'])).exitCode).toBe(0);
  expect(await digestsOf(copy)).toEqual(await digestsOf(store));
  await stop();
  expect(readdirSync(join(store, 'readers'))).toEqual([]);
});

it('compact takes syncs from the store, by links', async () => {
  const base = join(directory, 'base');
  await sstitchJson('generate', base, '--grants', '100');
  const result = await sstitchJson('compact', '--base', base, '--from', store, '--all');
  expect(result).toMatchObject({ strategy: 'link' });
  expect(await digestsOf(base)).toEqual(await digestsOf(store));
  expect((await sstitch(['verify', base])).exitCode).toBe(0);
  const line = ['compact', '--base', store, '--from', base, '--sync', SYNC];
  expect((await sstitch(line)).exitCode).toBe(6);
});

/** Starts a process that writes the store until its input ends. */
async function writeElsewhere(location: string): Promise<() => Promise<void>> {
  const script = `
    const { Store } = await import(${JSON.stringify(import.meta.resolve('@sstitch/engine'))});
    const store = new Store(${JSON.stringify(location)});
    await store.open();
    let isDone = false;
    process.stdin.on('end', () => { isDone = true; }).resume();
    for (let n = 0; !isDone; n++) {
      await store.put('zz' + n, 'x'.repeat(1000));
      if (n === 100) console.log('writing');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await store.close();`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const gone = once(owner, 'exit');
  await once(owner.stdout, 'data');
  return async () => {
    owner.stdin.end();
    await gone;
  };
}
