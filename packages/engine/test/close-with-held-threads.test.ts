// A store closes while both bulk threads are busy with another store's work, and its own work is queued.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { adopt, openReadOnly, verifyStore } from '../src/index.js';
import { mkdirTask } from '../src/store-directory/store-files.js';
import { threadPool } from '../src/threads/thread-pool.js';
import { holdBulkThreads } from './held-threads.js';
import {
  bytes,
  contentsOf,
  expectContents,
  expectContentsThroughout,
  expectTidy,
  openStore,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';
import { BASE, OPERATIONS, openScene, removeTemplate, SPANS } from './store-operations.js';

afterAll(removeTemplate);

describe('an operation that waits for a thread ends before the close does', () => {
  test.each(Object.entries(OPERATIONS))('%s', async (_, { prepare, after, inSteps }) => {
    const scene = await openScene();
    const begin = await prepare(scene);
    const before = await contentsOf(scene.base);
    const release = await holdBulkThreads();
    let outcome: string | undefined;
    begin().then(
      () => {
        outcome = 'done';
      },
      (error: { code: string }) => {
        outcome = error.code;
      },
    );
    // No thread is free until the close has fulfilled.
    await scene.base.close();
    expect(outcome).toMatch(/^(done|SSTITCH_ABORTED|SSTITCH_STORE_CLOSED|LEVEL_.*_NOT_OPEN)$/);

    const second = await openStore(scene.base.location);
    const contents = await contentsOf(second);
    if (inSteps === undefined) {
      expect(contents).toEqual(outcome === 'done' ? (after ?? before) : before);
    }
    await second.put(bytes('synced'), bytes('1'), { ...VIEW, sync: true });
    await second.excise([span('k0040', 'k0050')]);
    await release();
    await second.put(bytes('synced-later'), bytes('2'), { ...VIEW, sync: true });
    contents.set('synced', '1').set('synced-later', '2');
    for (const key of [...contents.keys()]) {
      if (key >= 'k0040' && key < 'k0050') contents.delete(key);
    }
    await expectContentsThroughout(second, contents);
  });
});

test('a foreign table whose checks are queued does not get into the store after it was reopened', async () => {
  const { base, directory } = await openScene();
  const release = await holdBulkThreads();
  const path = join(directory, 'foreign.table');
  const ingesting = base.ingestAndExcise([{ span: span('m', 'n'), runs: [[path]] }]);
  const ended = ingesting.then(
    () => 'done',
    (error: { code: string; cause: { code: string } }) => [error.code, error.cause.code],
  );
  await base.close();
  const second = await openStore(base.location);
  await second.put(bytes('synced'), bytes('1'), { ...VIEW, sync: true });
  await second.excise([span('k', 'l')]);
  await release();
  expect(await ended).toEqual(['SSTITCH_ABORTED', 'SSTITCH_STORE_CLOSED']);
  await second.put(bytes('later'), bytes('2'), { ...VIEW, sync: true });
  const contents = new Map([...BASE].filter(([key]) => key.startsWith('m')));
  contents.set('synced', '1').set('later', '2');
  await expectContentsThroughout(second, contents);
});

test('a close ends a commit for which a clear of a snapshot waits', async () => {
  const { base } = await openScene();
  const release = await holdBulkThreads();
  const outcomeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      ({ code }: { code: string }) => code,
    );
  const snapshot = base.snapshot();
  const excised = outcomeOf(base.excise(SPANS));
  // The commit captures writes once it makes its generation.
  while (!existsSync(join(base.location, 'gen-000002'))) await sleep(1);
  const cleared = outcomeOf(base.clear({ snapshot }));
  // No thread is free until the close has fulfilled.
  await base.close();
  await release();
  expect([await excised, await cleared]).toEqual(['SSTITCH_ABORTED', 'LEVEL_DATABASE_NOT_OPEN']);
  await expectContentsThroughout(await openStore(base.location), BASE);
});

test('an operation that waits for a thread ends at once when its signal fires', async () => {
  const { base, directory } = await openScene();
  const release = await holdBulkThreads();
  const aborting = new AbortController();
  const { signal } = aborting;
  const target = join(directory, 'target');
  const generation = join(base.location, 'gen-000001');
  const works = [
    base.excise(SPANS, { signal }),
    // Its turn has not come.
    base.excise(SPANS, { signal }),
    base.extract(SPANS, join(directory, 'extracted'), { signal }),
    base.checkpoint(join(directory, 'checkpoint'), { signal }),
    verifyStore(base.location, { signal }),
    adopt(generation, target, { signal }),
  ];
  const ended = Promise.allSettled(works);
  const reason = new Error('not wanted');
  aborting.abort(reason);
  for (const result of await ended) {
    const expected = { name: 'AbortError', code: 'SSTITCH_ABORTED' };
    expect(result).toMatchObject({ status: 'rejected', reason: expected });
    expect((result as PromiseRejectedResult).reason.cause).toBe(reason);
  }
  await release();
  for (const name of ['extracted', 'checkpoint', 'target']) {
    expect(existsSync(join(directory, name))).toBe(false);
  }
  await expectContentsThroughout(base, BASE);
});

test('a task that was cancelled in the queue never runs, and the next one does', async () => {
  const pool = threadPool();
  const release = await holdBulkThreads();
  const directory = temporaryDirectory();
  const thread = pool.session();
  const aborting = new AbortController();
  const { signal } = aborting;
  const cancelled = thread.run(mkdirTask, { directory: join(directory, 'cancelled') }, { signal });
  const kept = thread.run(mkdirTask, { directory: join(directory, 'kept') });
  aborting.abort();
  await expect(cancelled).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
  expect(readdirSync(directory)).toEqual([]);
  await release();
  await kept;
  expect(readdirSync(directory)).toEqual(['kept']);
});

test('a read-only store closes while its extract waits, and leaves no copy', async () => {
  const { base, directory } = await openScene();
  const readers = join(base.location, 'readers');
  const copy = await openReadOnly(base.location, VIEW);
  expect(readdirSync(readers)).toHaveLength(1);
  await holdBulkThreads();
  const extracting = copy.extract(SPANS, join(directory, 'out'));
  const ended = extracting.catch((error: { code: string }) => error.code);
  await copy.close();
  expect(await ended).toBe('SSTITCH_ABORTED');
  expect(existsSync(join(directory, 'out'))).toBe(false);
  expect(readdirSync(readers)).toEqual([]);
  await expect(copy.extract(SPANS, join(directory, 'out'))).rejects.toMatchObject({
    code: 'LEVEL_DATABASE_NOT_OPEN',
  });
});

test("a store's loader accepts nothing after the store has closed", async () => {
  const { base } = await openScene();
  const entry = [bytes('m1'), bytes('late')] as const;
  const [loader, unused] = [base.tableLoader(), base.tableLoader()];
  await loader.add([entry]);
  await base.close();
  for (const [closed, code] of [
    [loader, 'SSTITCH_STORE_CLOSED'],
    [unused, 'LEVEL_DATABASE_NOT_OPEN'],
  ] as const) {
    await expect(closed.add([entry])).rejects.toMatchObject({ code });
    await expect(closed.finish(SPANS)).rejects.toMatchObject({ code });
    await closed.end();
  }
  expectTidy(base.location);
  await expectContents(await openStore(base.location), BASE);
});
