// Opens stores on clusters, and closes them after a callback.
import { ClusterError, type ClusterPort, ClusterStore, MemoryCluster } from '@sstitch/cluster';
import { parseClusterName } from '../command-line/store-name.js';
import type { ByteReader, ByteStore, MissingStore } from './byte-store.js';
import { connectTo } from './cluster-connection.js';
import { ClusterReader } from './cluster-reader.js';
import { ClusterWriter } from './cluster-writer.js';

/** Runs `use` with one state of a store. */
export async function withClusterReader<T>(
  address: string,
  use: (reader: ByteReader) => Promise<T>,
): Promise<T> {
  const { reader, close } = await openClusterReader(address);
  try {
    return await use(reader);
  } finally {
    await close();
  }
}

/** Opens one state of a store; the caller must close it. @throws as {@link openCluster} */
export async function openClusterReader(address: string) {
  const opened = await openCluster(address, 'refuse');
  const reader = new ClusterReader(opened.store);
  const close = async () => {
    await reader.close();
    await opened.close();
  };
  return { reader, close };
}

/** Runs `use` with a store that is open for writing. Other processes can have it open too. */
export function withClusterWriter<T>(
  address: string,
  missing: MissingStore,
  use: (store: ByteStore) => Promise<T>,
): Promise<T> {
  return withCluster(address, missing, ({ store }) => withWriter(store, use));
}

/** Runs `use` with an empty store, in memory, that is as one on a cluster. */
export async function withEmptyCluster<T>(use: (store: ByteStore) => Promise<T>): Promise<T> {
  const store = storeAt(new MemoryCluster().store('empty'));
  await store.open();
  try {
    return await withWriter(store, use);
  } finally {
    await store.close();
  }
}

async function withWriter<T>(
  store: OpenedCluster['store'],
  use: (store: ByteStore) => Promise<T>,
): Promise<T> {
  const writer = await ClusterWriter.open(store);
  try {
    return await use(writer);
  } finally {
    await writer.close();
  }
}

/** Runs `use` with an open store. @throws as {@link openCluster} */
export async function withCluster<T>(
  address: string,
  missing: MissingStore,
  use: (opened: OpenedCluster) => Promise<T>,
): Promise<T> {
  const opened = await openCluster(address, missing);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/** A store on a cluster with its connection. */
export interface OpenedCluster {
  readonly store: ClusterStore<Uint8Array, Uint8Array>;
  /** Closes the store, then the connection. */
  close(): Promise<void>;
}

/**
 * Opens a store on a cluster; the caller must close it.
 *
 * @throws ClusterError, with the code SSTITCH_CLUSTER_NOT_FOUND if nothing was ever written to the store and `missing` is
 * 'refuse'
 */
async function openCluster(address: string, missing: MissingStore): Promise<OpenedCluster> {
  const name = parseClusterName(address);
  const connection = await connectTo(name, missing === 'create');
  try {
    const port = connection.store(name.store);
    if (missing === 'refuse' && (await port.readHead(0, 'quorum')) === undefined) {
      throw new ClusterError(
        'SSTITCH_CLUSTER_NOT_FOUND',
        `nothing was ever written to a store at ${address}`,
        { reason: 'store-missing' },
      );
    }
    const store = storeAt(port, name.leaseMs);
    await store.open();
    return {
      store,
      close: async () => {
        try {
          await store.close();
        } finally {
          await connection.close();
        }
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function storeAt(port: ClusterPort, leaseMs?: number): OpenedCluster['store'] {
  return new ClusterStore<Uint8Array, Uint8Array>(port, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    ...(leaseMs !== undefined && { leaseMs }),
  });
}
