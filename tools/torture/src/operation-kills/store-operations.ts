// The operations on whole syncs that are killed, on stores that are the same in each run.
import { expandSync } from '@sstitch/access';
import { openReadOnly, Store } from '@sstitch/engine';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import {
  cloneSync,
  compactKeeping,
  mergeSyncs,
  pruneSyncs,
  renameSync,
  rollbackSync,
} from '@sstitch/operations';
import { syntheticSyncId, writeSyntheticSync } from '@sstitch/testkit';

export type ByteStore = Store<Uint8Array, Uint8Array>;

/** An operation, which gives the same result whenever it runs. */
export interface StoreOperation {
  readonly name: string;
  run(store: ByteStore, directory: string): Promise<unknown>;
}

const GRANTS = 120;
const FIRST = syntheticSyncId({ syncIndex: 0 });
const SECOND = syntheticSyncId({ syncIndex: 1 });
/** Of a sync that no store holds. */
const NEW = syntheticSyncId({ syncIndex: 9 });
const NOW = new Date('2026-03-01T00:00:00Z');
const EXPANSION = { now: () => NOW, mismatches: 'skip' } as const;
export const ENCODINGS = { keyEncoding: 'view', valueEncoding: 'view' } as const;

export const storeOperations: readonly StoreOperation[] = [
  { name: 'rename', run: (engine) => renameSync({ engine, syncId: FIRST, as: NEW }) },
  {
    name: 'clone',
    run: (engine) => cloneSync({ engine, into: engine, syncId: FIRST, as: NEW }),
  },
  {
    name: 'merge',
    run: (engine) =>
      mergeSyncs({
        ...{ base: { engine, syncId: FIRST }, partials: [{ engine, syncId: SECOND }] },
        ...{ into: engine, as: NEW },
      }),
  },
  {
    name: 'prune',
    run: (engine) => pruneSyncs({ engine, policy: { removeReplaced: true }, now: NOW }),
  },
  { name: 'rollback', run: (engine) => rollbackSync({ engine, syncId: FIRST, now: NOW }) },
  {
    // The command drop.
    name: 'drop',
    run: (engine) => engine.excise(syncSpansInKeyOrder(FIRST).map(({ span }) => span)),
  },
  {
    name: 'compact and keep',
    run: async (base, directory) => {
      const source = await openReadOnly<Uint8Array, Uint8Array>(`${directory}/source`, ENCODINGS);
      await compactKeeping({ base, source, syncIds: [FIRST], now: NOW });
      await source.close();
    },
  },
  {
    // Few grants, in one batch.
    name: 'expand',
    run: (engine) => expandSync(engine, SECOND, EXPANSION),
  },
  {
    name: 'expand into another sync',
    run: (engine) => expandSync(engine, SECOND, { ...EXPANSION, as: NEW }),
  },
];

/** Makes the stores `base`, of two syncs and a kept version of the first, and `source`, with a newer version of it. */
export async function makeStores(directory: string): Promise<void> {
  const stores = ['base', 'middle', 'source'].map(
    (name): ByteStore => new Store(`${directory}/${name}`, ENCODINGS),
  );
  const [base, middle, source] = stores as [ByteStore, ByteStore, ByteStore];
  for (const syncIndex of [0, 1]) await writeSyntheticSync(base, { grants: GRANTS, syncIndex });
  for (const [store, revision] of [
    [middle, 2],
    [source, 3],
  ] as const) {
    await writeSyntheticSync(store, { grants: GRANTS, revision });
  }
  const keptAt = new Date(NOW.getTime() - 1000);
  await compactKeeping({ base, source: middle, syncIds: [FIRST], now: keptAt });
  for (const store of stores) await store.close();
}
