import { tortureFolder } from '../torture/torture-folder.js';
import { type ByteStore, openStore, SMALL } from './real-store.js';
import type { MakeTarget } from './target.js';

const bytes = { keyEncoding: 'view', valueEncoding: 'view' } as const;

/** The real store with all it has beyond the contract, and a second one to take tables from. */
export const makeStoreTarget: MakeTarget = async () => {
  const folder = tortureFolder('metamorphic', 'memory');
  const location = `${folder.path}/base`;
  let store: ByteStore = await openStore(location, SMALL);
  const source = await openStore(`${folder.path}/source`, SMALL);
  let copies = 0;
  return {
    engine: store,
    source,
    close: () => store.close(),
    reopen: async () => {
      await store.close();
      store = await openStore(location, SMALL);
      return store;
    },
    clear: (range) => store.clear({ ...range, ...bytes } as object),
    compactRange: (start, end) => store.compactRange(start, end, bytes),
    compactSource: () => source.compactRange(Uint8Array.of(0), new Uint8Array(90).fill(255), bytes),
    excise: async (spans) => {
      await store.excise(spans);
    },
    transfer: async (spans, move) => {
      const staging = await store.newStagingFolder();
      const tables = await source.extract(spans, staging, { narrow: true });
      await store.ingestAndExcise(tables, { move });
      await store.removeStagingFolder(staging);
    },
    checkpoint: async () => {
      const copy = `${folder.path}/copy-${++copies}`;
      await store.checkpoint(copy);
      const engine = await openStore(copy, SMALL);
      return { engine, destroy: () => engine.close() };
    },
    destroy: async () => {
      await store.close();
      await source.close();
      folder.remove();
    },
  };
};
