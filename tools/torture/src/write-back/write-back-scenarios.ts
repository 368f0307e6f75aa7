// The scenarios of the write-back family: every way in which durable files are created, in worker threads on
// Node's file system.
import { cpSync, readFileSync } from 'node:fs';
import { byteEncodings, type Span, type UnsortedEntries } from '@sstitch/contract';
import { adopt, Store } from '@sstitch/engine';
import type { Entries } from '../crash/crash-checker.js';
import {
  type ByteStore,
  entriesOf,
  pagesOf,
  prepareStore,
  span,
  writeEntries,
} from '../crash/crash-recording.js';

/** The directories of a case. */
export interface Place {
  readonly directory: string;
  /** A directory on another file system, if there is one. */
  readonly elsewhere: string;
}

export interface WriteBackScenario {
  readonly name: string;
  /** Performs the scenario; calls `promised` once with the names of the stores that are durable from then on. */
  act(place: Place, promised: (...stores: string[]) => void): Promise<void>;
}

const SPANS: readonly Span[] = [span('b0003', 'b0011'), span('d', 'e')];
const INCOMING: Entries = [
  ...entriesOf('b', 11, 'incoming', 90).slice(3),
  ...entriesOf('d', 30, 'incoming', 90),
];

/** Creates the stores from which every case starts. */
export async function prepareStores({ directory, elsewhere }: Place): Promise<void> {
  const base = `${directory}/base`;
  const first = ['a', 'b', 'c', 'd'].flatMap((prefix) => entriesOf(prefix, 40, 'first', 300));
  const second = ['b', 'd', 'f'].flatMap((prefix) => entriesOf(prefix, 20, 'second', 100));
  await prepareStore(base, [first, second]);
  // Makes tables share files, so that a purge has work to do.
  await withStore(base, (store) => store.excise([span('b0025', 'b0030')]));
  await prepareStore(
    `${directory}/source`,
    [[...entriesOf('a', 20, 'other', 200), ...INCOMING], entriesOf('d', 12, 'newer', 200)],
    INCOMING.slice(-2),
  );
  // A generation is a plain LevelDB database with a log.
  const filter = (path: string) => !path.endsWith('/LOCK');
  await prepareStore(`${directory}/logged`, [first], second);
  cpSync(`${directory}/logged/gen-000001`, `${directory}/level`, { recursive: true, filter });
  cpSync(`${directory}/source`, `${elsewhere}/source`, { recursive: true, filter });
}

async function withStore<T>(path: string, act: (store: ByteStore) => Promise<T>): Promise<T> {
  const store: ByteStore = new Store(path, { ...byteEncodings, shareTablesFromBytes: 0 });
  await store.open();
  try {
    return await act(store);
  } finally {
    await store.close();
  }
}

/** The name of a store's current generation. */
export function generationIn(store: string): string {
  return readFileSync(`${store}/CURRENT`, 'latin1').trim();
}

/** A scenario on the base. */
function onBase(
  name: string,
  act: (store: ByteStore, place: Place) => Promise<unknown>,
): WriteBackScenario {
  return {
    name,
    act: (place, promised) =>
      withStore(`${place.directory}/base`, async (store) => {
        await act(store, place);
        promised('base');
      }),
  };
}

/** Converts entries with one prefix to a page for a loader. */
function pageOf(entries: Entries): UnsortedEntries {
  const shared = (length: number) => new SharedArrayBuffer(length);
  const all = Buffer.from(entries.map(([key, value]) => key + value).join(''), 'latin1');
  const bytes = new Uint8Array(shared(all.length));
  bytes.set(all);
  const keyEnds = new Uint32Array(shared(4 * entries.length));
  const ends = new Uint32Array(shared(4 * entries.length));
  let end = 0;
  for (const [index, [key, value]] of entries.entries()) {
    keyEnds[index] = end + key.length;
    end += key.length + value.length;
    ends[index] = end;
  }
  return { prefix: new Uint8Array(0), bytes, keyEnds, ends, count: entries.length };
}

/** Loads pages of which two overlap and must be merged. */
async function load(store: ByteStore): Promise<void> {
  const loader = store.tableLoader();
  const d = INCOMING.filter(([key]) => key.startsWith('d'));
  const pages = [
    INCOMING.filter(([key]) => key.startsWith('b')),
    d.filter((_, index) => index % 2 === 0),
    d.filter((_, index) => index % 2 === 1),
  ];
  for (const page of pages) await loader.add([pageOf(page)]);
  const tables = await loader.finish(SPANS);
  await store.ingestAndExcise(tables, { move: true });
  await loader.end();
}

export const writeBackScenarios: readonly WriteBackScenario[] = [
  onBase('ingestFrom', (store, { directory }) =>
    withStore(`${directory}/source`, (source) => store.ingestFrom(source, SPANS)),
  ),
  onBase('ingestFrom another file system', (store, { elsewhere }) =>
    withStore(`${elsewhere}/source`, (source) => store.ingestFrom(source, SPANS)),
  ),
  onBase('extract and ingest', (store, { directory }) =>
    withStore(`${directory}/source`, async (source) => {
      const tables = await source.extract(SPANS, `${directory}/extracted`, { share: true });
      await store.ingestAndExcise(tables);
    }),
  ),
  onBase('ingestFrom with rebuild', (store, { directory }) =>
    withStore(`${directory}/source`, (source) =>
      store.ingestFrom(source, SPANS, { rebuild: true }),
    ),
  ),
  onBase('replaceSpans', (store) => store.replaceSpans(SPANS, pagesOf(INCOMING))),
  onBase('a bulk load', load),
  onBase('excise', (store) => store.excise(SPANS)),
  onBase('excise with purge', (store) => store.excise(SPANS, { purge: true })),
  onBase('a synced write', (store) => writeEntries(store, entriesOf('w', 20, 'written'))),
  {
    name: 'an open that replays a log',
    act: ({ directory }, promised) =>
      withStore(`${directory}/logged`, async () => promised('logged')),
  },
  {
    name: 'a new store',
    act: ({ directory }, promised) =>
      withStore(`${directory}/made`, async (store) => {
        await writeEntries(store, entriesOf('w', 20, 'written'));
        promised('made');
      }),
  },
  {
    name: 'checkpoint',
    act: ({ directory }, promised) =>
      withStore(`${directory}/base`, async (store) => {
        await store.checkpoint(`${directory}/made`);
        promised('base', 'made');
      }),
  },
  {
    name: 'checkpoint with purge',
    act: ({ directory }, promised) =>
      withStore(`${directory}/base`, async (store) => {
        await store.checkpoint(`${directory}/made`, { purge: true });
        promised('base', 'made');
      }),
  },
  {
    name: 'adopt',
    async act({ directory }, promised) {
      await adopt(`${directory}/level`, `${directory}/made`);
      promised('made');
    },
  },
  {
    name: 'adopt from another file system',
    async act({ directory, elsewhere }, promised) {
      await adopt(
        `${elsewhere}/source/${generationIn(`${elsewhere}/source`)}`,
        `${directory}/made`,
      );
      promised('made');
    },
  },
];
