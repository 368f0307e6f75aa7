import type { EntryPages } from '@sstitch/contract';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import { ClusterError } from '../errors.js';
import { MemoryCluster } from '../memory/memory-port.js';
import { bytes, portWith } from '../runs/runs.test-support.js';
import { ClusterStore } from './cluster-store.js';
import { everything, openStore, pages, turn, until, value } from './store.test-support.js';
import { StoreCore } from './store-core.js';

/** A key that sorts by its number. */
const numberBytes = (number: number) => bytes(String(number).padStart(6, '0'));
const NO_ENCODER = { key: (given: unknown) => given, value: (given: unknown) => given };

describe('replaceSpans', () => {
  it('encodes keys and values by the encodings of the options, and takes bytes as they are', async () => {
    const store = new ClusterStore<string, object>(new MemoryCluster().store('store'), {
      valueEncoding: 'json',
    });
    const entries = (async function* () {
      yield [
        ['a', { n: 1 }],
        [bytes('b'), bytes('{"n":2}')],
      ] as const;
    })();
    await store.replaceSpans(everything, entries);
    expect(await store.iterator().all()).toEqual([
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ]);
    await store.close();
  });

  const refusals: ReadonlyArray<readonly [string, unknown, string, RegExp]> = [
    [
      'entries that are no pages',
      [[bytes('a'), value]],
      'SSTITCH_ENTRIES_INVALID',
      /async iterable/,
    ],
    ['a page that is no array', 7, 'SSTITCH_ENTRIES_INVALID', /page 1: .*a number/],
    ['an entry that is no pair', [[bytes('a')]], 'SSTITCH_ENTRIES_INVALID', /page 1, entry 0/],
    ['an object under a byte encoding', [[bytes('b'), {}]], 'SSTITCH_ENTRIES_INVALID', /an object/],
    ['a value of null', [[bytes('b'), null]], 'SSTITCH_ENTRIES_INVALID', /value must be/],
    ['a key at or before the last', [[bytes('a'), value]], 'SSTITCH_ENTRIES_INVALID', /ascend/],
    ['a key in no span', [[bytes('x'), value]], 'SSTITCH_ENTRIES_INVALID', /no span/],
    [
      'a key that is too long',
      [[new Uint8Array(9000).fill(98), value]],
      'SSTITCH_TOO_LARGE',
      /8192/,
    ],
  ];
  for (const [what, page, code, message] of refusals) {
    it(`refuses ${what}, says where it is, and leaves nothing behind`, async () => {
      const cluster = new MemoryCluster();
      const store = await openStore(cluster.store('store'));
      const entries = (async function* () {
        yield [[bytes('a'), value]];
        yield page;
      })();
      const given = what === 'entries that are no pages' ? page : entries;
      const spans = [{ start: bytes('a'), end: bytes('x') }];
      const replacing = store.replaceSpans(spans, given as EntryPages);
      await expect(replacing).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
      expect(cluster.rowCounts('store')).toMatchObject({ chunks: 0, loads: 0 });
      expect(await store.keys().all()).toEqual([]);
    });
  }

  it('replaces the spans of some hundred syncs in one commit, which another process reads', async () => {
    const cluster = new MemoryCluster();
    const [store, other] = [
      await openStore(cluster.store('store')),
      await openStore(cluster.store('store')),
    ];
    await store.put(bytes('c'), bytes('outside'));
    const names = Array.from(
      { length: 3000 },
      (_, index) => `bucket/${String(index).padStart(30, '0')}/`,
    );
    const spans = names.map((name) => ({ start: bytes(name), end: bytes(`${name}x`) }));
    const entries = (async function* (): EntryPages {
      for (const name of names) yield [[bytes(`${name}k`), bytes('v')]];
    })();
    expect(await store.replaceSpans(spans, entries)).toMatchObject({ entries: names.length });
    const keys = [...names.map((name) => bytes(`${name}k`)), bytes('c')];
    expect(await other.keys().all()).toEqual(keys);
    await store.put(bytes('d'), bytes('later'));
    expect(await other.get(bytes('d'))).toEqual(bytes('later'));
  });

  it('refuses spans whose bounds no commit holds before it reads an entry', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    const spans = Array.from({ length: 40_000 }, (_, index) => {
      const start = bytes(`a span ${String(index).padStart(6, '0')}`);
      return { start, end: bytes(`a span ${String(index).padStart(6, '0')} x`) };
    });
    let wasRead = false;
    const entries = (async function* (): EntryPages {
      wasRead = true;
      yield [];
    })();
    await expect(store.replaceSpans(spans, entries)).rejects.toMatchObject({
      code: 'SSTITCH_TOO_LARGE',
      message: expect.stringMatching(/40000 spans .* replace fewer spans/),
    });
    expect(wasRead).toBe(false);
  });

  it('takes bounds that are longer than any key, and what lies between them can be folded', async () => {
    const store = await openStore(new MemoryCluster().store('store'), { maintenance: 'manual' });
    const long = (letter: string) => bytes(letter.repeat(60_000));
    await store.replaceSpans([{ start: long('a'), end: undefined }], pages(['b', value]));
    await store.replaceSpans([{ start: long('b'), end: long('c') }], pages(['c', value]));
    await store.clear({ gte: long('c'), lt: bytes(`${'c'.repeat(60_000)}x`) });
    await store.batch(
      ['a', 'b', 'bc', 'd'].map((key) => ({ type: 'put', key: bytes(key), value })),
    );
    await store.flush();
    expect(await store.fold()).toMatchObject({ isComplete: true });
    const keys = ['a', 'b', 'bc', 'c', 'd'].map(bytes);
    expect(await store.keys().all()).toEqual(keys);
    await store.clear({ gte: long('b'), lte: long('c') });
    expect(await store.keys().all()).toEqual(['a', 'b', 'd'].map(bytes));
  });

  it('reads a source whose methods return no promises', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    const left = [[[bytes('a'), value]], [[bytes('b'), value]]];
    const source = { next: () => ({ done: left.length === 0, value: left.shift() }) };
    const entries = { [Symbol.asyncIterator]: () => source } as unknown as EntryPages;
    expect(await store.replaceSpans(everything, entries)).toMatchObject({ entries: 2 });
  });

  it('leaves turns to timers, and so to the lease, while its source yields only empty pages', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    const endless = (async function* () {
      for (;;) yield [];
    })();
    const aborting = new AbortController();
    const replacing = store.replaceSpans(everything, endless, { signal: aborting.signal });
    const expected = expect(replacing).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
    for (let timers = 0; timers < 3; timers++) await turn();
    aborting.abort();
    await expected;
  });

  it('aborts while its source does not answer', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    const controller = new AbortController();
    const silent: EntryPages = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    };
    const replacing = store.replaceSpans(everything, silent, { signal: controller.signal });
    setTimeout(() => controller.abort('enough'), 5);
    await expect(replacing).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
  });

  it('whose outcome is unknown keeps its run, and the store shows later what became of it', async () => {
    const cluster = new MemoryCluster();
    const port = cluster.store('store');
    let isCut = false;
    const cut = portWith(port, {
      appendSlot: async (slot, record) => {
        const done = await port.appendSlot(slot, record);
        return isCut ? { outcome: 'unknown', cause: new Error('cut off') } : done;
      },
      readHead: (...where) =>
        isCut
          ? Promise.reject(new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', 'cut off'))
          : port.readHead(...where),
    });
    const core = await StoreCore.open({
      port: cut,
      clock: systemClock,
      leaseMs: 30_000,
      blockSizeBytes: 1024,
      isAutomatic: false,
      commitTimeoutMs: 50,
    });
    const replace = (what: string) =>
      core.replaceSpans(everything, pages(['a', bytes(what)]), NO_ENCODER, undefined);
    await replace('old');
    isCut = true;
    await expect(replace('new')).rejects.toMatchObject({ code: 'SSTITCH_COMMIT_UNKNOWN' });
    isCut = false;
    const other = await openStore(cluster.store('store'));
    expect(await other.get(bytes('a'))).toEqual(bytes('new'));
    await core.close();
  });
});

describe('close', () => {
  it.each([
    ['a replacement', false],
    ['a replacement that depends on a snapshot', true],
  ])('cancels %s in progress, which leaves nothing behind', async (_, isConditional) => {
    const cluster = new MemoryCluster();
    const store = await openStore(cluster.store('store'));
    const ifUnchanged = isConditional ? store.snapshot({ watch: everything }) : undefined;
    const silent = (async function* (): EntryPages {
      yield [[bytes('a'), new Uint8Array(3_000_000)]];
      yield [[bytes('b'), new Uint8Array(3_000_000)]];
      await new Promise(() => {});
    })();
    const replacing = store.replaceSpans(everything, silent, { ifUnchanged });
    await until(() => cluster.rowCounts('store').chunks > 0);
    const closing = store.close();
    await expect(replacing).rejects.toMatchObject({ code: 'SSTITCH_STORE_CLOSED' });
    await closing;
    expect(cluster.rowCounts('store')).toMatchObject({ chunks: 0, loads: 0, leases: 0 });
  });

  it('does not wait for a source that never closes', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    let isClosing = false;
    const source = {
      next: async () => ({ done: false, value: 'not a page' }),
      return: () => {
        isClosing = true;
        return new Promise(() => undefined);
      },
    };
    const entries = { [Symbol.asyncIterator]: () => source } as unknown as EntryPages;
    const refused = expect(store.replaceSpans(everything, entries)).rejects.toMatchObject({
      code: 'SSTITCH_ENTRIES_INVALID',
    });
    await until(() => isClosing);
    await store.close();
    await refused;
  });

  it('ends a clear with a limit between two of its commits', async () => {
    const port = new MemoryCluster().store('store');
    const store = await openStore(port);
    await store.batch(
      Array.from({ length: 3000 }, (_, at) => ({ type: 'put', key: numberBytes(at), value })),
    );
    const slot = (await store.metrics()).slot;
    const clearing = expect(store.clear({ limit: 2999 })).rejects.toMatchObject({
      code: 'SSTITCH_STORE_CLOSED',
    });
    await store.close();
    const head = await port.readHead(0, 'quorum');
    await clearing;
    expect(await port.readHead(0, 'quorum')).toBe(head);
    expect(head).toBeLessThanOrEqual(slot + 1);
  });

  it('can be followed by open', async () => {
    const store = await openStore(new MemoryCluster().store('store'));
    await store.put(bytes('a'), value);
    await store.close();
    await store.open();
    expect(await store.get(bytes('a'))).toEqual(value);
    await store.put(bytes('b'), value);
    expect(await store.keys().all()).toHaveLength(2);
  });
});
