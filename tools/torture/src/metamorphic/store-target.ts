import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { openReadOnly, Store } from '@sstitch/engine';
import type { MakeTarget, OpenedView } from '@sstitch/testkit/metamorphic';
import { tortureDirectory } from '@sstitch/testkit/torture';
import { ClassicLevel } from 'classic-level';

const bytes = { keyEncoding: 'view', valueEncoding: 'view' } as const;

type ByteStore = Store<Uint8Array, Uint8Array>;

async function openStore(directory: string, options: object): Promise<ByteStore> {
  const store: ByteStore = new Store<Uint8Array, Uint8Array>(directory, { ...bytes, ...options });
  await store.open();
  return store;
}

/** The real store with everything it has beyond the contract, and a second one as a source of tables. */
export const makeStoreTarget: MakeTarget = async (settings) => {
  const directory = tortureDirectory('metamorphic', 'memory');
  const location = `${directory.path}/base`;
  let copies = 0;
  let turn = 0;
  const nextSettings = () => settings[turn++ % settings.length] ?? settings[0];
  let store: ByteStore = await openStore(location, nextSettings());
  const source = await openStore(`${directory.path}/source`, nextSettings());
  return {
    engine: store,
    source,
    close: () => store.close(),
    reopen: async () => {
      await store.close();
      store = await openStore(location, nextSettings());
      return store;
    },
    clear: (range) => store.clear({ ...range, ...bytes } as object),
    compactRange: (start, end) => store.compactRange(start, end, bytes),
    compactSource: () => source.compactRange(Uint8Array.of(0), new Uint8Array(90).fill(255), bytes),
    excise: async (spans) => {
      await store.excise(spans);
    },
    transfer: async (spans, { move, tables }) => {
      if (tables === 'rebuilt') {
        await store.ingestFrom(source, spans, { rebuild: true });
        return;
      }
      const extracted = `${directory.path}/extracted-${++copies}`;
      const incoming = await source.extract(spans, extracted, { share: tables === 'linked' });
      await store.ingestAndExcise(incoming, { move });
      await rm(extracted, { recursive: true });
    },
    checkpoint: async (openedBy) => {
      const copy = `${directory.path}/copy-${++copies}`;
      await store.checkpoint(copy);
      if (openedBy === 'classic-level') return openPlainly(copy);
      const engine = await openStore(copy, nextSettings());
      return { engine, destroy: () => engine.close() };
    },
    openReadOnly: async () => {
      const engine = await openReadOnly<Uint8Array, Uint8Array>(location, bytes);
      return { engine, destroy: () => engine.close() };
    },
    destroy: async () => {
      await store.close();
      await source.close();
      directory.remove();
    },
  };
};

/** Opens a store's current generation with plain LevelDB. */
async function openPlainly(path: string): Promise<OpenedView> {
  const generation = readFileSync(`${path}/CURRENT`, 'utf8').trim();
  const engine = new ClassicLevel<Uint8Array, Uint8Array>(`${path}/${generation}`, {
    createIfMissing: false,
    ...bytes,
  });
  await engine.open();
  return { engine, destroy: () => engine.close() };
}
