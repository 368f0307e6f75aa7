// Invalid options and arguments of every public method, as plain JavaScript can pass them: each is refused with a typed
// error before anything is done.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  adopt,
  EngineError,
  openReadOnly,
  type ReadOnlyStore,
  readManifest,
  Store,
  salvageLogs,
  TableLoader,
  unsortedEntries,
  verifyStore,
} from '../src/index.js';
import {
  type ByteStore,
  besideStore,
  bytes,
  contentsOf,
  currentDirectory,
  numbered,
  pagesOf,
  put,
  span,
  VIEW,
} from './store-fixture.js';

const SPANS = [span('k', 'l')];
const CONTENTS = numbered('k', 10, 'old');

/** Invalid values for each kind of option. */
const WRONG = {
  boolean: [null, 1, 'true', {}],
  function: [null, true, 'listener', {}],
  signal: [
    null,
    true,
    new AbortController(),
    { aborted: false, addEventListener: () => undefined },
  ],
  path: [null, 5, '', {}],
  size: [null, -1, Number.NaN, '5'],
  fileSystem: [null, true, 'fs', {}],
  encoding: [5, 'no such encoding', {}],
  splitting: [null, true, 'link'],
  format: [null, true, 'rocksdb'],
  sublevel: [null, {}, 'sublevel'],
} as const;

type Kinds = Readonly<Record<string, keyof typeof WRONG>>;

interface Scene {
  readonly store: ByteStore;
  readonly reader: ReadOnlyStore<Uint8Array, Uint8Array>;
  readonly directory: string;
}

interface PublicMethod {
  readonly options: Kinds;
  /** Calls the method with valid arguments and these options. */
  call(scene: Scene, options: never): unknown;
  /** Calls with invalid arguments. */
  readonly wrong?: ReadonlyArray<(scene: Scene) => unknown>;
}

const commit: Kinds = { signal: 'signal', purge: 'boolean' };
const opening: Kinds = {
  createIfMissing: 'boolean',
  errorIfExists: 'boolean',
  multithreading: 'boolean',
  compression: 'boolean',
  cacheSize: 'size',
  writeBufferSize: 'size',
  maxFileSize: 'size',
  blockSize: 'size',
  blockRestartInterval: 'size',
  maxOpenFiles: 'size',
};
const none = undefined as never;

const METHODS: Readonly<Record<string, PublicMethod>> = {
  'new Store': {
    options: {
      ...opening,
      splitTables: 'splitting',
      shareTablesFromBytes: 'size',
      diskReserveBytes: 'size',
      readerStacks: 'boolean',
      fileSystem: 'fileSystem',
    },
    call: ({ directory }, options) => new Store(join(directory, 'new'), options),
    wrong: WRONG.path.map((location) => () => new Store(location as never)),
  },
  'store.open': {
    options: opening,
    call: ({ store }, options) => store.open(options),
  },
  'store.ingestAndExcise': {
    options: { ...commit, move: 'boolean' },
    call: ({ store }, options) => store.ingestAndExcise([], options),
    wrong: [null, 'table', {}, { spans: [] }, [null], [{ span: SPANS[0], runs: 'table' }]].map(
      (tables) =>
        ({ store }) =>
          store.ingestAndExcise(tables as never),
    ),
  },
  'store.ingestFrom': {
    options: {
      ...commit,
      verify: 'boolean',
      rebuild: 'boolean',
      onEntries: 'function',
      onExtracted: 'function',
    },
    call: ({ store, reader }, options) => store.ingestFrom(reader, SPANS, options),
    wrong: [
      ...[undefined, null, 'store', {}, { extract: true }].map(
        (source) =>
          ({ store }: Scene) =>
            store.ingestFrom(source as never, SPANS),
      ),
      ({ store, reader }) => store.ingestFrom(reader, none),
      ({ store }) => store.ingestFrom({ extract: async () => none }, SPANS),
    ],
  },
  'store.excise': {
    options: commit,
    call: ({ store }, options) => store.excise(SPANS, options),
    wrong: [({ store }) => store.excise(none), ({ store }) => store.excise([null as never])],
  },
  'store.replaceSpans': {
    options: {
      ...commit,
      keyEncoding: 'encoding',
      valueEncoding: 'encoding',
      sublevel: 'sublevel',
    },
    call: ({ store }, options) => store.replaceSpans(SPANS, pagesOf(CONTENTS), options),
    wrong: [
      ({ store }) => store.replaceSpans(SPANS, none),
      ({ store }) => store.replaceSpans(SPANS, [] as never),
      ({ store }) => store.replaceSpans(none, pagesOf(CONTENTS)),
    ],
  },
  'store.tableLoader': {
    options: { signal: 'signal', onWritten: 'function', onProgress: 'function' },
    call: ({ store }, options) => store.tableLoader(options),
  },
  'store.tableLoader().add': {
    options: { keyEncoding: 'encoding', valueEncoding: 'encoding', sublevel: 'sublevel' },
    call: ({ store }, options) => inLoader(store, [[bytes('k'), bytes('v')]], options),
    wrong: [none, 'page', {}, [null], [['k']], [[bytes('k'), null]], [{ prefix: 'k' }]].map(
      (page) =>
        ({ store }) =>
          inLoader(store, page),
    ),
  },
  'new TableLoader': {
    options: { signal: 'signal', onWritten: 'function', onProgress: 'function' },
    call: ({ directory }, options) => new TableLoader(directory, options),
    wrong: [
      ...WRONG.path.map((path) => () => new TableLoader(path as never)),
      async ({ directory }: Scene) => {
        const loader = new TableLoader(directory);
        await loader.add([[bytes('k'), bytes('v')]], VIEW).finally(() => loader.end());
      },
    ],
  },
  unsortedEntries: {
    options: {},
    call: () => unsortedEntries('k', [['k1', 'v']]),
    wrong: [
      () => unsortedEntries(none, []),
      () => unsortedEntries('k', none),
      () => unsortedEntries('k', [none]),
      () => unsortedEntries('k', [['k1']] as never),
      () => unsortedEntries('k', [['k1', 5]] as never),
      () => unsortedEntries('k', [['x1', 'v']]),
    ],
  },
  'store.extract': {
    options: { signal: 'signal', share: 'boolean', verify: 'boolean' },
    call: ({ store }, options) => store.extract(SPANS, besideStore(store), options),
    wrong: [
      ({ store }) => store.extract(none, besideStore(store)),
      ...WRONG.path.map(
        (path) =>
          ({ store }: Scene) =>
            store.extract(SPANS, path as never),
      ),
    ],
  },
  'readOnlyStore.extract': {
    options: { signal: 'signal', share: 'boolean', verify: 'boolean' },
    call: ({ store, reader }, options) => reader.extract(SPANS, besideStore(store), options),
    wrong: [({ reader }) => reader.extract(SPANS, none)],
  },
  'store.verifySpans': {
    options: { signal: 'signal' },
    call: ({ store }, options) => store.verifySpans(SPANS, options),
    wrong: [
      ({ store }) => store.verifySpans(none),
      ({ store }) => store.verifySpans(SPANS, { snapshot: {} as never }),
      ({ store, reader }) => store.verifySpans(SPANS, { snapshot: reader.snapshot() }),
    ],
  },
  'store.checkpoint': {
    options: { signal: 'signal', purge: 'boolean', format: 'format' },
    call: ({ store }, options) => store.checkpoint(besideStore(store), options),
    wrong: WRONG.path.map(
      (path) =>
        ({ store }: Scene) =>
          store.checkpoint(path as never),
    ),
  },
  openReadOnly: {
    options: {
      multithreading: 'boolean',
      cacheSize: 'size',
      readerStacks: 'boolean',
      copyDirectory: 'path',
      signal: 'signal',
      fileSystem: 'fileSystem',
    },
    call: ({ store }, options) => openReadOnly(store.location, options),
    wrong: [
      ...WRONG.path.map((location) => () => openReadOnly(location as never)),
      ({ store }: Scene) => openReadOnly(store.location, { verifySpans: null as never }),
      ({ store }: Scene) => openReadOnly(store.location, { createIfMissing: true } as never),
    ],
  },
  adopt: {
    options: {
      signal: 'signal',
      onProgress: 'function',
      verify: 'boolean',
      fileSystem: 'fileSystem',
    },
    call: async ({ store }, options) =>
      adopt(await currentDirectory(store), besideStore(store), options),
    wrong: WRONG.path.flatMap((path) => [
      ({ store }: Scene) => adopt(path as never, besideStore(store)),
      async ({ store }: Scene) => adopt(await currentDirectory(store), path as never),
    ]),
  },
  verifyStore: {
    options: { signal: 'signal', onProgress: 'function', fileSystem: 'fileSystem' },
    call: ({ store }, options) => verifyStore(store.location, options),
    wrong: WRONG.path.map((location) => () => verifyStore(location as never)),
  },
  salvageLogs: {
    options: { signal: 'signal', fileSystem: 'fileSystem' },
    call: ({ store }, options) => salvageLogs(store.location, options),
    wrong: WRONG.path.map((location) => () => salvageLogs(location as never)),
  },
  readManifest: {
    options: {},
    call: async ({ store }) => readManifest(await currentDirectory(store)),
    wrong: [
      ...WRONG.path.map((path) => () => readManifest(path as never)),
      ({ directory }: Scene) => readManifest(directory, {} as never),
    ],
  },
  'store.batch().put': {
    options: {},
    call: ({ store }) => store.batch().put(bytes('z'), bytes('v')).close(),
    wrong: [5, {}, [1], new ArrayBuffer(1)].flatMap((given) => [
      ({ store }: Scene) => store.batch().put(given as never, bytes('v')),
      ({ store }: Scene) => store.batch().put(bytes('k'), given as never),
      ({ store }: Scene) => store.batch().del(given as never),
    ]),
  },
};

async function inLoader(store: ByteStore, page: unknown, options?: never): Promise<void> {
  const loader = store.tableLoader();
  try {
    await (options === undefined
      ? loader.add(page as never)
      : loader.add(page as never, options as object));
  } finally {
    await loader.end();
  }
}

let scene: Scene;

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-options-'));
  const store = new Store<Uint8Array, Uint8Array>(join(directory, 'store'), VIEW);
  await put(store, CONTENTS);
  const reader = await openReadOnly<Uint8Array, Uint8Array>(store.location, VIEW);
  scene = { store, reader, directory };
});

afterAll(async () => {
  await scene.reader.close();
  await scene.store.close();
  rmSync(scene.directory, { recursive: true, force: true });
});

/** Returns what a call throws or rejects with. */
async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    const result = await call();
    if (result instanceof Store) await result.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function expectRefused(call: () => unknown, what: string): Promise<void> {
  const error = await failureOf(call);
  expect(error, what).toBeInstanceOf(EngineError);
  const { code, message } = error as EngineError;
  expect(code, what).toMatch(/^SSTITCH_(OPTION|SPANS|TABLES|ENTRIES)_INVALID$/);
  expect(message, what).not.toMatch(/undefined is not|cannot read|is not iterable|is not a func/i);
}

describe.each(Object.entries(METHODS))('%s', (_, method) => {
  test('can be called without options, and refuses options that are not an object', async () => {
    if (method.call.length < 2) return;
    for (const options of [null, true, 5, 'options']) {
      await expectRefused(() => method.call(scene, options as never), String(options));
    }
  });

  test.each(Object.entries(method.options))('refuses an invalid %s', async (name, kind) => {
    for (const value of WRONG[kind]) {
      const what = `${name}: ${JSON.stringify(value)}`;
      await expectRefused(() => method.call(scene, { [name]: value } as never), what);
    }
  });

  test('accepts undefined for each option', async () => {
    const options = Object.fromEntries(
      Object.keys(method.options).map((name) => [name, undefined]),
    );
    const error = await failureOf(() => method.call(scene, options as never));
    // An open store cannot be salvaged.
    expect((error as { code?: string } | undefined)?.code).toBeOneOf([undefined, 'LEVEL_LOCKED']);
  });

  test('refuses invalid arguments', async () => {
    for (const [index, call] of (method.wrong ?? []).entries()) {
      await expectRefused(() => call(scene), `argument ${index}`);
    }
  });
});

test('changes nothing if it refuses', async () => {
  expect(await contentsOf(scene.store)).toEqual(CONTENTS);
});
