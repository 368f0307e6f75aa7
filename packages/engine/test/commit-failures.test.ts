// Failing commits: every file operation is made to fail in turn, and commits are aborted at every step. The store is
// unchanged, nothing is left, and the next commit succeeds; a failed fsync poisons the store.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openedElsewhere } from './child-process.js';
import {
  type ByteStore,
  bytes,
  type Contents,
  compactFully,
  contentsOf,
  expectContents,
  expectContentsThroughout,
  generationNames,
  isInside,
  numbered,
  openStore,
  openThreadedStore,
  pagesOf,
  put,
  rejection,
  replaceInModel,
  span,
  temporaryDirectory,
  VIEW,
} from './store-fixture.js';
import {
  type FileOperation,
  fileError,
  type WatchedFileSystem,
  watchedFileSystem,
} from './watched-file-system.js';

const SPANS = [span('k0005', 'k0015'), span('m', 'n')];
const incomingOf = (value: string): Contents =>
  new Map(
    [...numbered('k001', 1, value), ...numbered('m', 30, value)].filter(
      ([k]) => k < 'k0015' || k > 'l',
    ),
  );

async function watchedStore() {
  const watched = watchedFileSystem();
  const store = await openStore(join(temporaryDirectory(), 'store'), { fileSystem: watched });
  const model = new Map([...numbered('k', 20, 'old'), ...numbered('m', 20, 'old')]);
  await put(store, model);
  await compactFully(store);
  return { store, watched, model };
}

const replace = (store: ByteStore, value: string, signal?: AbortSignal) =>
  store.replaceSpans(SPANS, pagesOf(incomingOf(value)), signal ? { signal } : {});

const isSync = ({ name }: FileOperation) => name === 'sync' || name === 'fsyncDir';
/** Tables are fsynced when they are built, before the commit. */
const isSyncOfCommit = (operation: FileOperation) =>
  isSync(operation) && !operation.path.includes('/staging/');
const isSwap = ({ name, to }: FileOperation) =>
  name === 'rename' && to?.endsWith('/CURRENT') === true;

interface Attempt {
  /** The operation that failed or was interrupted. Undefined if the commit had fewer operations. */
  at?: FileOperation;
  /** Whether the commit point had been reached before. */
  swapped: boolean;
}

/** Calls `act` at the matching operation with this index. */
function actAt(
  watched: WatchedFileSystem,
  index: number,
  fits: (operation: FileOperation) => boolean,
  act: (operation: FileOperation) => void,
): Attempt {
  let count = 0;
  const attempt: Attempt = { swapped: false };
  watched.before = (operation) => {
    if (fits(operation) && count++ === index) {
      attempt.at = operation;
      act(operation);
    }
    if (attempt.at === undefined) attempt.swapped ||= isSwap(operation);
  };
  return attempt;
}

/** Makes the matching operation with this index fail. */
function breakAt(
  watched: WatchedFileSystem,
  index: number,
  fits: (operation: FileOperation) => boolean,
): Attempt {
  return actAt(watched, index, fits, (operation) => {
    const syscall = { sync: 'fsync', fsyncDir: 'fsync' }[operation.name as string];
    throw fileError('EIO', syscall ?? operation.name, operation.path);
  });
}

function insideSpans(contents: Contents): Contents {
  return new Map([...contents].filter(([key]) => isInside(SPANS, key)));
}

/** Expects one generation, and nothing in staging. */
function expectNothingLeft(store: ByteStore): void {
  expect(generationNames(store.location)).toHaveLength(1);
  if (readdirSync(store.location).includes('staging')) {
    expect(readdirSync(join(store.location, 'staging'))).toEqual([]);
  }
}

describe('a failing file operation', () => {
  test('any but an fsync, at any step of a commit, leaves the store as it was or wholly replaced', async () => {
    const { store, watched, model } = await watchedStore();
    let failures = 0;
    for (let index = 0; ; index++) {
      await expect.poll(() => generationNames(store.location)).toHaveLength(1);
      const attempt = breakAt(watched, index, (operation) => !isSync(operation));
      const outcome = await replace(store, `attempt-${index}`).then(
        () => 'done' as const,
        (error: unknown) => error,
      );
      watched.before = () => undefined;
      const what = `${index}: ${attempt.at?.name} ${attempt.at?.path}`;
      // Only an operation after the commit point may fail unnoticed.
      expect([what, outcome === 'done']).toEqual([what, attempt.swapped]);
      if (outcome === 'done') {
        replaceInModel(model, SPANS, incomingOf(`attempt-${index}`));
      } else {
        failures++;
        expect([what, outcome]).toEqual([
          what,
          expect.objectContaining({ cause: expect.objectContaining({ code: 'EIO' }) }),
        ]);
        expectNothingLeft(store);
      }
      expect(await contentsOf(store)).toEqual(model);
      if (attempt.at === undefined) break;
    }
    expect(failures).toBeGreaterThan(20);
    // The next open removes what a failed removal after the commit point left.
    await store.close();
    await expectContentsThroughout(await openStore(store.location), model);
  });

  test('a full disk while tables are built or split is an error with its cause, and the store is unchanged', async () => {
    const { store, watched, model } = await watchedStore();
    watched.before = ({ name, path }) => {
      if (name === 'write') throw fileError('ENOSPC', 'write', path);
    };
    for (const attempt of [() => replace(store, 'new'), () => store.excise(SPANS)]) {
      const error = await rejection(attempt());
      expect(error.code).toBe('SSTITCH_FILE_OPERATION');
      expect(error.cause).toMatchObject({ code: 'ENOSPC' });
    }
    watched.before = () => undefined;
    expectNothingLeft(store);
    await expectContentsThroughout(store, model);
  });

  test('tables are copied if the file system has no links', async () => {
    const { store, watched, model } = await watchedStore();
    watched.before = ({ name, path }) => {
      if (name === 'link') throw fileError('EXDEV', 'link', path);
    };
    const report = await store.excise([span('k0019', 'l'), span('x')]);
    expect(report.base.linked.tables).toBe(0);
    await store
      .excise([span('x')])
      .then(({ base }) => expect(base.copied.tables).toBeGreaterThan(0));
    model.delete('k0019');
    await expectContentsThroughout(store, model, ['k0019']);
  });

  test("an error of the caller's entries leaves the store unchanged and passes through", async () => {
    const { store, model } = await watchedStore();
    const failing = async function* () {
      yield [[bytes('m'), bytes('new')] as const];
      throw new TypeError('the source broke');
    };
    await expect(store.replaceSpans(SPANS, failing())).rejects.toThrow(
      new TypeError('the source broke'),
    );
    const unordered = pagesOf(new Map([['z', 'outside']]));
    expect((await rejection(store.replaceSpans(SPANS, unordered))).code).toBe(
      'SSTITCH_ENTRIES_INVALID',
    );
    expectNothingLeft(store);
    await expectContentsThroughout(store, model);
  });
});

describe('a failing fsync', () => {
  test('any in a commit poisons: no write, no commit, reads go on, and a reopen finds old or new', async () => {
    const first = await watchedStore();
    const { watched, model } = first;
    let { store } = first;
    for (let index = 0; ; index++) {
      const iterator = store.iterator(VIEW);
      const attempt = breakAt(watched, index, isSyncOfCommit);
      const outcome = replace(store, `attempt-${index}`);
      if (attempt.at === undefined) await outcome.catch(() => undefined);
      watched.before = () => undefined;
      if (attempt.at === undefined) {
        expect(index).toBeGreaterThan(3);
        await outcome;
        replaceInModel(model, SPANS, incomingOf(`attempt-${index}`));
        break;
      }
      const error = await rejection(outcome);
      expect([index, error.code]).toEqual([index, 'SSTITCH_STORE_POISONED']);
      expect(error.cause).toMatchObject({ code: 'EIO' });
      for (const write of [
        () => store.put(bytes('k'), bytes('v')),
        () => put(store, [['k', 'v']]),
        () => store.del(bytes('k0001')),
        () => store.clear(),
        () => replace(store, 'again'),
        () => store.excise(SPANS),
      ]) {
        expect((await rejection(write())).code).toBe('SSTITCH_STORE_POISONED');
      }
      await expectContents(store, model);
      expect((await iterator.all()).length).toBe(model.size);
      await store.close();
      store = await openStore(store.location, { fileSystem: watched });
      expectNothingLeft(store);
      if (attempt.swapped) replaceInModel(model, SPANS, incomingOf(`attempt-${index}`));
      await expectContents(store, model);
    }
    await replace(store, 'last');
    replaceInModel(model, SPANS, incomingOf('last'));
    await expectContentsThroughout(store, model);
  });

  test('of a table that is being built fails the call, but the store works on', async () => {
    const { store, watched, model } = await watchedStore();
    const attempt = breakAt(
      watched,
      0,
      (operation) => isSync(operation) && !isSyncOfCommit(operation),
    );
    const error = await rejection(replace(store, 'failed'));
    expect(error).toMatchObject({ code: 'SSTITCH_FILE_OPERATION', path: attempt.at?.path });
    watched.before = () => undefined;
    await expectContents(store, model);
    await replace(store, 'next');
    replaceInModel(model, SPANS, incomingOf('next'));
    await expectContentsThroughout(store, model);
    expectNothingLeft(store);
  });

  test('a poisoned store still locks the generation that CURRENT names', async () => {
    const { store, watched } = await watchedStore();
    let swapped = false;
    watched.before = (operation) => {
      if (swapped && isSync(operation)) throw fileError('EIO', 'fsync', operation.path);
      swapped ||= isSwap(operation);
    };
    expect((await rejection(replace(store, 'new'))).code).toBe('SSTITCH_STORE_POISONED');
    expect(await openedElsewhere(store.location)).toBe('LEVEL_LOCKED');
    await store.close();
    expect(await openedElsewhere(store.location)).toBe('open');
  });
});

describe('aborts', () => {
  test('at any operation before the commit point the store is as it was, and nothing is left', async () => {
    const { store, watched, model } = await watchedStore();
    for (let index = 0; ; index++) {
      await expect.poll(() => generationNames(store.location)).toHaveLength(1);
      const controller = new AbortController();
      const attempt = actAt(
        watched,
        index,
        () => true,
        () => controller.abort(),
      );
      const outcome = await replace(store, `attempt-${index}`, controller.signal).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      watched.before = () => undefined;
      // Once the swap has begun, an abort has no effect.
      const late = attempt.swapped || (attempt.at !== undefined && isSwap(attempt.at));
      expect([index, outcome]).toEqual([index, late ? 'done' : 'SSTITCH_ABORTED']);
      if (outcome === 'done') break;
      expectNothingLeft(store);
      expect(await contentsOf(store)).toEqual(model);
    }
    replaceInModel(model, SPANS, await contentsOf(store).then(insideSpans));
    await expectContentsThroughout(store, model);
  });

  test('whose reason is a full disk elsewhere leave the reserve alone', async () => {
    const watched = watchedFileSystem();
    const path = join(temporaryDirectory(), 'store');
    const store = await openStore(path, { fileSystem: watched, diskReserveBytes: 1024 });
    const controller = new AbortController();
    const removed: string[] = [];
    watched.before = ({ name, path }) => {
      if (name === 'unlink') removed.push(path);
      controller.abort(fileError('ENOSPC', 'write', 'elsewhere'));
    };
    const error = await rejection(store.excise(SPANS, { signal: controller.signal }));
    expect(error.code).toBe('SSTITCH_ABORTED');
    expect(removed).not.toContain(join(path, 'RESERVE'));
  });

  test('during the replay of the last writes prevent the commit point', async () => {
    const { store, watched, model } = await watchedStore();
    const controller = new AbortController();
    let written: Promise<void> | undefined;
    watched.before = ({ name, path }) => {
      // This write is in flight when the pause begins, and is acknowledged during it.
      if (written !== undefined || name !== 'fsyncDir' || !/gen-\d+$/.test(path)) return;
      written = store.put(bytes('z'), bytes('late')).then(() => controller.abort());
    };
    const error = await rejection(replace(store, 'new', controller.signal));
    watched.before = () => undefined;
    await written;
    expect(error.code).toBe('SSTITCH_ABORTED');
    expectNothingLeft(store);
    await expectContentsThroughout(store, model.set('z', 'late'));
  });

  test('at fifty random times, with file work in threads, leave each commit done or undone', async () => {
    const store = await openThreadedStore(join(temporaryDirectory(), 'store'));
    const model = new Map([...numbered('k', 20, 'old'), ...numbered('m', 20, 'old')]);
    await put(store, model);
    const outcomes = new Map<string, number>();
    const start = performance.now();
    await replace(store, 'first');
    const commitMs = performance.now() - start;
    replaceInModel(model, SPANS, incomingOf('first'));
    for (let round = 0; round < 50; round++) {
      const controller = new AbortController();
      // On any machine at least two of fifty complete, and two are aborted before they begin.
      if (round % 25 === 1) controller.abort();
      const timer =
        round % 25 === 0
          ? undefined
          : setTimeout(() => controller.abort(), Math.random() * commitMs);
      const outcome = await replace(store, `attempt-${round}`, controller.signal).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      clearTimeout(timer);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome === 'done') {
        replaceInModel(model, SPANS, incomingOf(`attempt-${round}`));
      }
      expect([...(await contentsOf(store))]).toEqual(
        [...model].sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    }
    expect([...outcomes.keys()].sort()).toEqual(['SSTITCH_ABORTED', 'done']);
    await expect.poll(() => generationNames(store.location)).toHaveLength(1);
    expectNothingLeft(store);
    await expectContentsThroughout(store, model);
  });

  test('before the call make it reject', async () => {
    const { store, model } = await watchedStore();
    const signal = AbortSignal.abort();
    for (const call of [
      store.excise(SPANS, { signal }),
      replace(store, 'new', signal),
      store.ingestAndExcise([], { signal }),
      store.extract(SPANS, join(temporaryDirectory(), 'extracted'), { signal }),
      store.checkpoint(join(temporaryDirectory(), 'copy'), { signal }),
    ]) {
      expect((await rejection(call)).code).toBe('SSTITCH_ABORTED');
    }
    await expectContentsThroughout(store, model);
  });
});
