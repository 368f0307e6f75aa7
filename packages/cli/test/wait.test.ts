// --wait waits for a store that another process has open.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withLocalStore } from '../src/stores/open-store.js';
import { Interruption } from '../src/terminal/io.js';
import { digestsOf, sstitch, sstitchJson, testDirectory } from './in-process.js';
import { ended, eventually, openElsewhere, startMain } from './process.js';

it('continues once the other process has closed the store, and names that process while it waits', async () => {
  const store = join(testDirectory(), 'store');
  await sstitchJson('generate', store, '--grants', '3', '--syncs', '2');
  const close = await openElsewhere(store);
  const child = startMain(['drop', store, '--sync', '@2', '--yes', '--wait', '600', '--verbose']);
  const end = ended(child);
  let noted = '';
  child.stderr?.on('data', (text: string) => {
    noted += text;
  });
  await eventually(() => (noted.includes('\n') ? true : undefined));
  expect(noted).toMatch(/^sstitch: waiting: the store is open in another process, pid \d+ /);
  await close();
  expect((await end).exitCode).toBe(0);
  expect(Object.keys(await digestsOf(store))).toHaveLength(1);
});

it('keeps what the next process writes into a new store, if the first leaves it empty and removes it', async () => {
  const directory = testDirectory();
  const store = join(directory, 'store');
  const error = new Error('the first process has failed');
  let end: ReturnType<typeof ended> | undefined;
  const failing = withLocalStore(store, 'create', async () => {
    const child = startMain(['generate', store, '--grants', '3', '--wait', '600', '--verbose']);
    end = ended(child);
    let noted = '';
    child.stderr?.on('data', (text: string) => {
      noted += text;
    });
    await eventually(() => (noted.includes('waiting: ') ? true : undefined));
    throw error;
  });
  await expect(failing).rejects.toBe(error);
  expect(await end).toMatchObject({ exitCode: 0 });
  expect(Object.keys(await digestsOf(store))).toHaveLength(1);
  expect(readdirSync(directory)).toEqual(['store']);
});

it('applies to a store that another process makes while an import reads its file', async ({
  skip,
}) => {
  const directory = testDirectory();
  const source = join(directory, 'source');
  const store = join(directory, 'store');
  const pipe = join(directory, 'pipe');
  if (spawnSync('mkfifo', [pipe]).status !== 0) skip('there is no mkfifo here');
  await sstitchJson('generate', source, '--grants', '3');
  const { stdout: lines } = await sstitch(['export', source, '--sync', 'latest']);
  const child = startMain(['import', pipe, '--into', store, '--wait', '600', '--verbose']);
  const end = ended(child);
  let noted = '';
  child.stderr?.on('data', (text: string) => {
    noted += text;
  });
  // Opens once the import has opened the other end.
  const writer = await open(pipe, 'w');
  const close = await openElsewhere(store);
  await writer.writeFile(lines);
  await writer.close();
  await eventually(() => noted.includes('waiting: ') || child.exitCode !== null || undefined);
  await close();
  expect(await end).toMatchObject({ exitCode: 0 });
  expect(await digestsOf(store)).toEqual(await digestsOf(source));
});

it('exits with 130 if it is interrupted, and leaves the store as it was', async () => {
  const store = join(testDirectory(), 'store');
  await sstitchJson('generate', store, '--grants', '3');
  const before = await digestsOf(store);
  const close = await openElsewhere(store);
  try {
    const interrupt = new AbortController();
    const line = ['drop', store, '--sync', 'latest', '--yes', '--wait', '600'];
    const waiting = sstitch(line, { signal: interrupt.signal });
    setTimeout(() => interrupt.abort(new Interruption('SIGINT')), 300);
    expect(await waiting).toMatchObject({ exitCode: 130, stdout: '' });
  } finally {
    await close();
  }
  expect(await digestsOf(store)).toEqual(before);
});
