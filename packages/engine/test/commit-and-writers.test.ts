// Writers, clears and closes during commits: nothing is lost or half done.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isStaging, once, steps, watchedStore } from './commit-steps.js';
import {
  type ByteStore,
  bytes,
  compactFully,
  contentsOf,
  expectContents,
  expectContentsThroughout,
  expectTidy,
  generationNames,
  numbered,
  openStore,
  openThreadedStore,
  pagesOf,
  put,
  rejection,
  replaceInModel,
  span,
  temporaryDirectory,
  text,
  VIEW,
} from './store-fixture.js';
import { fileError } from './watched-file-system.js';

const SPAN = span('m', 'n');

describe('clear() and commits', () => {
  test.each(Object.keys(steps))(
    'a clear over the span issued while %s takes effect before or after the commit, as a whole',
    async (step) => {
      const { store, watched } = await watchedStore();
      // More keys than one batch of the clear, so that the swap can fall between two.
      await put(store, [...numbered('m', 3000, 'old'), ['k', 'kept']]);
      const incoming = new Map([...numbered('m', 1500, 'new'), ...numbered('mx', 10, 'new')]);
      const cleared = once(watched, steps[step] ?? (() => false), () =>
        store.clear({ gte: bytes('m'), lt: bytes('n') }),
      );
      await store.replaceSpans([SPAN], pagesOf(incoming));
      await cleared();
      const inside = await contentsOf(store, { gte: bytes('m'), lt: bytes('n') });
      expect([0, incoming.size]).toContain(inside.size);
      await expectContentsThroughout(store, new Map([...inside, ['k', 'kept']]), incoming.keys());
    },
  );

  test('a clear of everything outside the span during a commit leaves the span alone', async () => {
    const { store, watched } = await watchedStore();
    await put(store, numbered('k', 3000, 'old'));
    const cleared = once(watched, isStaging, () => store.clear({ lt: bytes('m') }));
    await store.replaceSpans([SPAN], pagesOf(new Map([['m', 'new']])));
    await cleared();
    await expectContentsThroughout(store, new Map([['m', 'new']]), ['k0000', 'k2999']);
  });
});

const clears: Record<string, (store: ByteStore) => Promise<void>> = {
  'of a range': (store) => store.clear({ gte: bytes('a'), lt: bytes('d') }),
  'of what a snapshot shows': async (store) => {
    const snapshot = store.snapshot();
    await store.clear({ gte: bytes('a'), lt: bytes('d'), snapshot });
    await snapshot.close();
  },
};

describe.each(Object.entries(clears))('a clear %s', (_, clear) => {
  // More keys than one batch of a clear, in triples that lie far apart.
  const indexes = Array.from({ length: 1000 }, (_, index) => index);
  const keysOf = (index: number) => ['a', 'b', 'c'].map((name) => `${name}${1000 + index}`);

  async function filledStore() {
    const scene = await watchedStore();
    await put(
      scene.store,
      indexes.flatMap(keysOf).map((key) => [key, 'old']),
    );
    return scene;
  }

  /** Begins a clear, and replaces triples until it has ended. */
  function clearBesideBatches(store: ByteStore) {
    let isCleared = false;
    const cleared = clear(store).finally(() => {
      isCleared = true;
    });
    const write = async () => {
      for (const index of indexes) {
        await put(
          store,
          keysOf(index).map((key) => [key, 'new']),
        );
        if (isCleared) return;
      }
    };
    return { cleared, written: write() };
  }

  async function expectWholeTriples(store: ByteStore): Promise<void> {
    const left = await contentsOf(store, { lt: bytes('m') });
    const torn = indexes.filter(
      (index) => new Set(keysOf(index).map((key) => left.get(key))).size > 1,
    );
    expect(torn).toEqual([]);
    expect([...left.values()]).not.toContain('old');
  }

  test('keeps or removes each batch beside it as a whole', async () => {
    const { store } = await filledStore();
    const { cleared, written } = clearBesideBatches(store);
    await Promise.all([cleared, written]);
    await expectWholeTriples(store);
  });

  test.for([
    ['succeeds', false],
    ['fails', true],
  ] as const)(
    'keeps or removes each batch beside it as a whole also if it begins during a commit that %s',
    async ([, fails]) => {
      const { store, watched } = await filledStore();
      const clearing = once(watched, isStaging, () => clearBesideBatches(store));
      const clears = watched.before;
      watched.before = (operation) => {
        clears(operation);
        if (fails && steps['writers paused']?.(operation)) {
          throw fileError('ENOSPC', 'rename', operation.path);
        }
      };
      const commit = store.excise([SPAN]);
      if (fails) expect(await rejection(commit)).toMatchObject({ code: 'SSTITCH_FILE_OPERATION' });
      else await commit;
      await Promise.all(Object.values(clearing()));
      await expectWholeTriples(store);
    },
  );
});

describe('writers and commits', () => {
  test('concurrent writers during commits lose nothing and keep the order of each key', async () => {
    const store = await openThreadedStore(join(temporaryDirectory(), 'store'));
    let busy = true;
    const last = new Map<string, string>();
    const writer = async (name: string) => {
      for (let count = 1; busy; count++) {
        const key = `k-${name}-${count % 7}`;
        last.set(key, `${count}`);
        if (count % 3 === 0)
          await put(store, [
            [key, `${count}`],
            [`m-${name}`, 'inside'],
          ]);
        else await store.put(bytes(key), bytes(`${count}`));
        const seen = await store.get(bytes(key), VIEW);
        expect([key, seen && text(seen)]).toEqual([key, `${count}`]);
      }
    };
    const writers = ['a', 'b', 'c', 'd', 'e', 'f'].map(writer);
    let replayed = 0;
    for (let round = 0; round < 15; round++) {
      const { commit } = await store.replaceSpans([SPAN], pagesOf(new Map([['m', `${round}`]])));
      replayed += commit.replayedOperations;
      expect(text((await store.get(bytes('m'), VIEW)) ?? bytes(''))).toBe(`${round}`);
    }
    busy = false;
    await Promise.all(writers);
    expect(replayed).toBeGreaterThan(0);
    await store.excise([SPAN]);
    await expectContentsThroughout(store, last, ['m', 'm-a']);
  });

  test('commits make progress with any number of writers', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    let busy = true;
    const writers = Array.from({ length: 64 }, async (_, writer) => {
      while (busy) await put(store, numbered(`k${writer}-`, 20, 'v'.repeat(200)));
    });
    const commits = Array.from({ length: 10 }, () => store.excise([SPAN]));
    await Promise.all(commits);
    busy = false;
    await Promise.all(writers);
    expect((await contentsOf(store)).size).toBe(64 * 20);
  });

  test('concurrent commits run one after another, each over the previous one', async () => {
    const store = await openThreadedStore(join(temporaryDirectory(), 'store'));
    const commits = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const value = `${index}`;
        const spans = [span('m', `m${index}`)];
        const { commit } = await store.replaceSpans(spans, pagesOf(new Map([['m', value]])));
        return { generation: commit.generation, value };
      }),
    );
    expect(new Set(commits.map(({ generation }) => generation)).size).toBe(8);
    const last = commits.reduce((a, b) => (a.generation > b.generation ? a : b));
    await expectContentsThroughout(store, new Map([['m', last.value]]));
  });

  test('commits over spans that LevelDB compacts meanwhile have their effect', async () => {
    const store = await openThreadedStore(join(temporaryDirectory(), 'store'), {
      writeBufferSize: 64 * 1024,
    });
    const model = new Map([...numbered('k', 1000, 'v'.repeat(60)), ...numbered('m', 1000, 'v')]);
    await put(store, model);
    for (let round = 0; round < 5; round++) {
      const incoming = numbered(`m${round}`, 300, 'new');
      const compacting = compactFully(store).catch(() => undefined);
      await store.replaceSpans([SPAN], pagesOf(incoming));
      await compacting;
      replaceInModel(model, [SPAN], incoming);
      await expectContents(store, model);
    }
    await expectContentsThroughout(store, model, ['m0000']);
  });
});

describe('close() and commits', () => {
  test.each(Object.keys(steps))(
    'a close while %s waits for a complete outcome, and acknowledged writes are kept',
    async (step) => {
      const { store, watched } = await watchedStore();
      await put(store, numbered('m', 10, 'old'));
      let acknowledged = 0;
      const closed = once(watched, steps[step] ?? (() => false), () => {
        // Enough waiting writes for several groups.
        const writes = Array.from({ length: 12 }, (_, index) =>
          put(store, numbered(`k${index}-`, 300, 'v')).then(
            () => {
              acknowledged++;
            },
            () => undefined,
          ),
        );
        return Promise.all([store.close(), ...writes]);
      });
      const outcome = await store.replaceSpans([SPAN], pagesOf(new Map([['m', 'new']]))).then(
        () => 'new',
        () => 'old',
      );
      await closed();
      expect(store.status).toBe('closed');
      const reopened: ByteStore = await openStore(store.location);
      const inside = outcome === 'new' ? new Map([['m', 'new']]) : numbered('m', 10, 'old');
      expect(await contentsOf(reopened, { gte: bytes('m') })).toEqual(inside);
      expect((await contentsOf(reopened, { lt: bytes('m') })).size).toBeGreaterThanOrEqual(
        acknowledged * 300,
      );
      await reopened.close();
      expectTidy(store.location);
    },
  );

  test('a close with readers open closes them, as that of classic-level does', async () => {
    const { store } = await watchedStore();
    await put(store, numbered('k', 10, 'v'));
    const iterator = store.iterator(VIEW);
    await iterator.next();
    const snapshot = store.snapshot();
    await store.excise([SPAN]);
    await store.close();
    await expect(iterator.next()).rejects.toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' });
    expect(() => snapshot.ref()).toThrow(
      expect.objectContaining({ code: 'LEVEL_SNAPSHOT_NOT_OPEN' }),
    );
    await expect(store.excise([SPAN])).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' });
    expectTidy(store.location);
  });

  test('a close during an extract and a checkpoint ends them cleanly', async () => {
    const directory = temporaryDirectory();
    const store = await openThreadedStore(join(directory, 'store'));
    await put(store, numbered('k', 5000, 'v'.repeat(100)));
    const works = [
      store.extract([span('k1', 'k2')], join(directory, 'extracted')),
      store.checkpoint(join(directory, 'copy')),
    ].map((work) => work.catch((error: unknown) => error as { code?: string }));
    await store.close();
    const [, copied] = await Promise.all(works);
    if (copied !== undefined && 'code' in copied) {
      expect(generationNames(join(directory, 'copy'))).toEqual([]);
    } else {
      const copy = await openStore(join(directory, 'copy'));
      expect((await contentsOf(copy)).size).toBe(5000);
    }
    for (const outcome of await Promise.all(works)) {
      if ('code' in outcome) expect(outcome.code).toBe('SSTITCH_ABORTED');
    }
  });

  test('closes at any time of a commit leave one complete generation, which can be opened at once', async () => {
    const path = join(temporaryDirectory(), 'store');
    let expected = '';
    for (let round = 0; round < 15; round++) {
      const store = await openThreadedStore(path);
      const commit = store.replaceSpans([SPAN], pagesOf(numbered('m', 50, `${round}`))).then(
        () => `${round}`,
        () => expected,
      );
      await new Promise((resolve) => setTimeout(resolve, round * 3));
      await store.close();
      expectTidy(path);
      const reopened = await openStore(path);
      expected = await commit;
      await expectContents(reopened, expected === '' ? new Map() : numbered('m', 50, expected));
      await reopened.close();
    }
  });

  test('a close ends a replaceSpans whose entries never arrive, and ends their iteration', async () => {
    const store = await openThreadedStore(join(temporaryDirectory(), 'store'));
    let returned = false;
    let onAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      onAsked = resolve;
    });
    const entries = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          onAsked();
          return new Promise<never>(() => undefined);
        },
        return: async () => {
          returned = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const outcome = expect(store.replaceSpans([SPAN], entries)).rejects.toMatchObject({
      code: 'SSTITCH_ABORTED',
    });
    await asked;
    await store.close();
    await outcome;
    expect(returned).toBe(true);
    expectTidy(store.location);
  });

  test('a replaceSpans reports its own failure, whatever the end of the iteration does', async () => {
    const store = await openThreadedStore(join(temporaryDirectory(), 'store'));
    const ends: ReadonlyArray<() => unknown> = [
      () => ({ done: true, value: undefined }),
      () => {
        throw new Error('the end fails');
      },
    ];
    for (const end of ends) {
      const next = async () => ({ done: false, value: 'no page' });
      const entries = { [Symbol.asyncIterator]: () => ({ next, return: end }) };
      await expect(store.replaceSpans([SPAN], entries as never)).rejects.toMatchObject({
        code: 'SSTITCH_ENTRIES_INVALID',
      });
    }
    expectTidy(store.location);
  });

  test('a close ends a replaceSpans whose entries are still arriving', async () => {
    const store = await openThreadedStore(join(temporaryDirectory(), 'store'));
    await put(store, numbered('m', 10, 'old'));
    let closed: Promise<void> | undefined;
    const entries = async function* () {
      yield [[bytes('m1'), bytes('new')] as const];
      closed = store.close();
      await closed;
      yield [[bytes('m2'), bytes('new')] as const];
    };
    await expect(store.replaceSpans([SPAN], entries())).rejects.toMatchObject({
      code: 'SSTITCH_ABORTED',
    });
    await closed;
    const reopened = await openThreadedStore(store.location);
    await expectContentsThroughout(reopened, numbered('m', 10, 'old'), ['m1']);
  });
});
