// Every operation of a store, for tests that close the store while one of them runs.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileSystem, makeInternalKey, nodeFileSystem, TableBuilder } from '@sstitch/sst';
import type { UnsortedEntries } from '../src/index.js';
import { poolFor } from '../src/threads/pool-for.js';
import type { WorkerPool } from '../src/threads/worker-pool.js';
import {
  type ByteStore,
  bytes,
  type Contents,
  compactFully,
  numbered,
  openStore,
  openThreadedStore,
  pagesOf,
  put,
  span,
  temporaryDirectory,
} from './store-fixture.js';

export const SPANS = [span('k0010', 'k0020'), span('m', 'n')];
const TABLES = numbered('k', 60, 'old');
const LOGGED = numbered('m', 5, 'old');
const SOURCE = new Map([...numbered('k', 30, 'new'), ...numbered('m', 5, 'new')]);
export const BASE: Contents = new Map([...TABLES, ...LOGGED]);

const isReplaced = (key: string) => (key >= 'k0010' && key < 'k0020') || key.startsWith('m');

function replacedBy(incoming: Contents): Contents {
  return new Map([
    ...[...BASE].filter(([key]) => !isReplaced(key)),
    ...[...incoming].filter(([key]) => isReplaced(key)),
  ]);
}

let template: Promise<string> | undefined;

/** Removes the template of the scenes. Test files that open scenes call it in `afterAll`. */
export async function removeTemplate(): Promise<void> {
  if (template !== undefined) rmSync(await template, { recursive: true, force: true });
  template = undefined;
}

/** Makes two closed stores and a foreign table, which each test copies. */
async function makeTemplate(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-scene-'));
  const base = await openStore(join(directory, 'base'));
  await put(base, TABLES);
  await compactFully(base);
  await put(base, LOGGED);
  await base.close();
  const source = await openStore(join(directory, 'source'));
  await put(source, SOURCE);
  await source.close();
  const path = join(directory, 'foreign.table');
  const file = nodeFileSystem.open(path, 'create');
  const builder = new TableBuilder(file, { path });
  builder.add(makeInternalKey(bytes('m5'), 7n, 'value'), bytes('foreign'));
  builder.finish();
  file.close();
  return directory;
}

/** The stores that one operation works on. */
export interface Scene {
  readonly directory: string;
  readonly base: ByteStore;
  readonly source: ByteStore;
  readonly pool: WorkerPool;
}

/** Opens a base and a source. With a file system, their work runs in this thread. */
export async function openScene(fileSystem?: FileSystem): Promise<Scene> {
  template ??= makeTemplate();
  const directory = temporaryDirectory();
  cpSync(await template, directory, { recursive: true });
  const open = (name: string) =>
    fileSystem === undefined
      ? openThreadedStore(join(directory, name))
      : openStore(join(directory, name), { fileSystem });
  const pool = poolFor(fileSystem);
  return { directory, base: await open('base'), source: await open('source'), pool };
}

/** One operation of a store. */
export interface StoreOperation {
  /** Makes what the operation needs. Returns a function that starts the operation. */
  prepare(scene: Scene): Promise<() => Promise<unknown>>;
  /** The entries of the base after the operation. @defaultValue the entries before */
  readonly after?: Contents;
  /** Whether a part of the operation can take effect. */
  readonly inSteps?: true;
}

const simple =
  (work: (scene: Scene) => Promise<unknown>): StoreOperation['prepare'] =>
  async (scene) =>
  () =>
    work(scene);

const built: Contents = new Map([
  ['k0015', 'built'],
  ['m1', 'built'],
]);

export const OPERATIONS: Record<string, StoreOperation> = {
  excise: { prepare: simple(({ base }) => base.excise(SPANS)), after: replacedBy(new Map()) },
  replaceSpans: {
    prepare: simple(({ base }) => base.replaceSpans(SPANS, pagesOf(built, 1))),
    after: replacedBy(built),
  },
  'ingestAndExcise of extracted tables': {
    prepare: async ({ base, source, directory }) => {
      const tables = await source.extract(SPANS, join(directory, 'extracted'));
      return () => base.ingestAndExcise(tables);
    },
    after: replacedBy(SOURCE),
  },
  'ingestAndExcise of a foreign table': {
    prepare: simple(({ base, directory }) => {
      const path = join(directory, 'foreign.table');
      return base.ingestAndExcise([{ span: span('m', 'n'), runs: [[path]] }]);
    }),
    after: new Map([...TABLES, ['m5', 'foreign']]),
  },
  ingestFrom: {
    prepare: simple(({ base, source }) => base.ingestFrom(source, SPANS)),
    after: replacedBy(SOURCE),
  },
  'ingestFrom, with full verification': {
    prepare: simple(({ base, source }) => base.ingestFrom(source, SPANS, { verify: true })),
    after: replacedBy(SOURCE),
  },
  'two commits, one after the other': {
    prepare: simple(({ base }) =>
      Promise.all([base.excise(SPANS), base.replaceSpans(SPANS, pagesOf(built))]),
    ),
    after: replacedBy(built),
    inSteps: true,
  },
  'ingestFrom, with rebuild': {
    prepare: simple(({ base, source }) => base.ingestFrom(source, SPANS, { rebuild: true })),
    after: replacedBy(SOURCE),
  },
  extract: {
    prepare: simple(({ base, directory }) => base.extract(SPANS, join(directory, 'out'))),
  },
  'extract with share': {
    prepare: simple(({ base, directory }) =>
      base.extract(SPANS, join(directory, 'out'), { share: true }),
    ),
  },
  checkpoint: {
    prepare: simple(({ base, directory }) => base.checkpoint(join(directory, 'made'))),
  },
  'a load of overlapping pages': {
    prepare: simple(async ({ base }) => {
      const loader = base.tableLoader();
      for (const number of [2, 1, 3]) {
        await loader.add([page(`m${number}`), page(`m${9 - number}`)]);
      }
      await loader.add([[bytes('m9'), bytes('v')]]);
      await loader.finish(SPANS);
      await loader.end();
    }),
  },
  metrics: { prepare: simple(({ base }) => base.metrics()) },
  'compactRange during a commit': {
    // Both settle. The contents depend only on the commit, not on whether the compaction succeeds.
    prepare: simple(async ({ base }) => {
      const committing = base.excise(SPANS);
      await Promise.allSettled([committing, base.compactRange(bytes('a'), bytes('z'))]);
      await committing;
    }),
    after: replacedBy(new Map()),
  },
  'clear during a commit': {
    prepare: simple(({ base }) => Promise.all([base.excise([span('x', 'y')]), base.clear()])),
    after: new Map(),
    inSteps: true,
  },
  'a generation that retires with its last reader': {
    prepare: async ({ base }) => {
      const snapshot = base.snapshot();
      await base.excise([]);
      return async () => {
        await snapshot.close();
        await base.excise([]);
      };
    },
  },
};

/** Makes a page of one entry in shared memory. */
function page(key: string): UnsortedEntries {
  const shared = (values: readonly number[]) => {
    const array = new Uint32Array(new SharedArrayBuffer(4 * values.length));
    array.set(values);
    return array;
  };
  const data = new Uint8Array(new SharedArrayBuffer(key.length + 1));
  data.set(bytes(`${key}v`));
  const prefix = new Uint8Array(0);
  return {
    prefix,
    bytes: data,
    keyEnds: shared([key.length]),
    ends: shared([key.length + 1]),
    count: 1,
  };
}
