// Stores for tests, on the backend in memory unless a port is given.
import { byteEncodings, type EntryPages } from '@sstitch/contract';
import { onTestFinished } from 'vitest';
import type { ClusterPort } from '../port.js';
import { bytes } from '../runs/runs.test-support.js';
import { ClusterStore } from './cluster-store.js';
import type { ClusterStoreOptions } from './options.js';

export type ByteStore = ClusterStore<Uint8Array, Uint8Array>;

/** Opens a store, which is closed after the test. */
export async function openStore(
  port: ClusterPort,
  options: ClusterStoreOptions<Uint8Array, Uint8Array> = {},
): Promise<ByteStore> {
  const store: ByteStore = new ClusterStore(port, { ...byteEncodings, ...options });
  await store.open();
  onTestFinished(() => store.close());
  return store;
}

/** Each entry in a page of its own. */
export async function* pages(...entries: ReadonlyArray<readonly [string, Uint8Array]>): EntryPages {
  for (const [key, value] of entries) yield [[bytes(key), value]];
}

export const everything = [{ start: bytes(''), end: undefined }];
export const value = bytes('value');

/** Fulfils after every microtask and the timers that are due. */
export const turn = () => new Promise((resolve) => setTimeout(resolve, 2));

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}
