// A store of one sync with many types of resources, whose reading of names a test can hold back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import type { ByteIterator, ReadableEngine } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { formatSyncId, syncIdBytes } from '@sstitch/keys';
import { EntitlementRecordSchema, ResourceRecordSchema, SyncStore } from '@sstitch/records';
import type { NamedState } from './view/name-parts.js';

export const SYNC = formatSyncId(syncIdBytes(new Uint8Array(20).fill(7)));

/** The store, and what gives it back. */
export interface NamesStore {
  readonly state: NamedState;
  remove(): Promise<void>;
}

/** Makes a store whose resources are of `types` types: `thing-N` "Thing N" of the type `type-N`. */
export async function makeNamesStore(types: number): Promise<NamesStore> {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-explore-names-'));
  const store = new Store<Uint8Array, Uint8Array>(join(directory, 'store'), {
    ...{ keyEncoding: 'view', valueEncoding: 'view' },
  });
  const records = new SyncStore(store);
  await records.startSync({ syncId: SYNC });
  const numbers = Array.from({ length: types }, (_, at) => String(at).padStart(3, '0'));
  await records.putMany(SYNC, [
    ...numbers.map((number) =>
      create(ResourceRecordSchema, {
        ...{ syncId: SYNC, resourceTypeId: `type-${number}`, resourceId: `thing-${number}` },
        displayName: `Thing ${number}`,
      }),
    ),
    ...numbers.map((number) =>
      create(EntitlementRecordSchema, {
        ...{ syncId: SYNC, externalId: `type-${number}:thing-${number}:use` },
        resource: { resourceTypeId: `type-${number}`, resourceId: `thing-${number}` },
        displayName: 'Use',
      }),
    ),
  ]);
  await records.endSync(SYNC);
  const snapshot = store.snapshot();
  return {
    state: { engine: store, snapshot, syncId: SYNC },
    remove: async () => {
      await snapshot.close();
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** The state with iterators that first wait, if they read values. */
export function withHeldReads(state: NamedState, mayRead: Promise<void>): NamedState {
  const iterator: ReadableEngine['iterator'] = (options) => {
    const inner = state.engine.iterator(options);
    if (options.values === false) return inner;
    const held: ByteIterator = {
      next: () => mayRead.then(() => inner.next()),
      nextv: (size) => mayRead.then(() => inner.nextv(size)),
      close: () => inner.close(),
    };
    return held;
  };
  return { ...state, engine: Object.assign(Object.create(state.engine), { iterator }) };
}
