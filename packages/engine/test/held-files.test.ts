// No descriptor of a written file stays open after the operation that wrote it has ended in any way.
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { heldFilesCount, MAX_HELD_FILES } from '../src/files/held-files.js';
import { openFilesIn } from './open-files.js';
import {
  contentsOf,
  numbered,
  openThreadedStore,
  pagesOf,
  put,
  span,
  temporaryDirectory,
} from './store-fixture.js';
import { OPERATIONS, openScene, removeTemplate, type StoreOperation } from './store-operations.js';
import { type FileOperation, fileError, watchedFileSystem } from './watched-file-system.js';

const { SSTITCH_LONG: longRun } = process.env;

afterAll(removeTemplate);

function heldFiles(): number {
  return new Int32Array(heldFilesCount())[0] ?? 0;
}

afterEach(() => expect(heldFiles()).toBe(0));

const SYSCALLS: Partial<Record<FileOperation['name'], string>> = {
  sync: 'fsync',
  fsyncDir: 'fsync',
};

/** Runs an operation whose file operation with this index fails. Returns false if there is none. */
async function failAt(operation: StoreOperation, index: number): Promise<boolean> {
  const watched = watchedFileSystem();
  const scene = await openScene(watched);
  const begin = await operation.prepare(scene);
  let count = 0;
  watched.before = ({ name, path }) => {
    if (count++ === index) throw fileError('EIO', SYSCALLS[name] ?? name, path);
  };
  await begin().catch(() => undefined);
  const isReached = count > index;
  await scene.base.close();
  await scene.source.close();
  expect([index, heldFiles(), openFilesIn(scene.directory)]).toEqual([index, 0, []]);
  return isReached;
}

describe.each(Object.entries(OPERATIONS))('%s', (_, operation) => {
  test('leaves no file open if any of its file operations fails', async () => {
    for (let index = 0; await failAt(operation, index); ) {
      index += longRun === '1' ? 1 : 6;
    }
  });
});

test('commits in worker threads that are aborted at any time leave no file open', async () => {
  const directory = temporaryDirectory();
  const base = await openThreadedStore(join(directory, 'base'));
  const source = await openThreadedStore(join(directory, 'source'));
  for (const store of [base, source]) {
    await put(store, numbered('k', 200, 'v'.repeat(200)));
    await store.compactRange(new Uint8Array(64).fill(0xff), new Uint8Array(0));
  }
  const spans = [span('k0020', 'k0060'), span('k0150')];
  const commits = longRun === '1' ? 3000 : 150;
  let aborted = 0;
  for (let commit = 0; commit < commits; commit++) {
    // A turn of the event loop is about as long as a step, so this covers the commit from start to end.
    const turns = (commit * 7919) % 64;
    const abort = new AbortController();
    const { signal } = abort;
    const acts = [
      () => base.ingestFrom(source, spans, { signal }),
      () => base.excise([span('k0090', 'k0095')], { signal }),
      () => base.replaceSpans(spans, pagesOf(numbered('k', 200, 'n')), { signal }),
      () => source.extract(spans, join(directory, `extracted-${commit}`), { signal, share: true }),
    ];
    const act = acts[commit % acts.length]?.().catch(() => aborted++);
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    await act;
  }
  expect(aborted).toBeGreaterThan(0);
  expect(heldFiles()).toBe(0);
  await contentsOf(base);
  await base.close();
  await source.close();
  expect(openFilesIn(directory)).toEqual([]);
});

test('a commit that writes more files than can be held is complete', async () => {
  const directory = temporaryDirectory();
  const store = await openThreadedStore(join(directory, 'store'));
  const count = MAX_HELD_FILES + 40;
  const name = (index: number) => `s${String(index).padStart(4, '0')}`;
  const spans = Array.from({ length: count }, (_, index) =>
    span(`${name(index)}/`, `${name(index)}0`),
  );
  const contents = new Map(spans.map((_, index) => [`${name(index)}/key`, 'value']));
  await store.replaceSpans(spans, pagesOf(contents));
  expect(await contentsOf(store)).toEqual(contents);
  // Each table straddles a bound of another span, and none is shared.
  const excised = spans.map((_, index) => span(`${name(index)}/a`, `${name(index)}/b`));
  await store.excise(excised, { purge: true });
  expect(await contentsOf(store)).toEqual(contents);
});
