// Opens stores for the length of a piece of work.
import { accessSync, constants } from 'node:fs';
import { openReadOnly, type ReadOnlyOptions, type ReadOnlyStore, Store } from '@sstitch/engine';
import { usageError } from '../errors.js';

/** A store that can be changed; keys and values are bytes. */
export type ByteStore = Store<Uint8Array, Uint8Array>;
/** A private view of a store: works beside a process that has it open. */
export type ByteReader = ReadOnlyStore<Uint8Array, Uint8Array>;

const ENCODINGS = { keyEncoding: 'view', valueEncoding: 'view' } as const;

/** What to do with a location that holds no store. */
export type MissingStore = 'refuse' | 'create';

/** Opens a store to change it; the caller closes it. */
export async function openStore(location: string, missing: MissingStore): Promise<ByteStore> {
  checkLocation(location);
  const store: ByteStore = new Store(location, {
    ...ENCODINGS,
    createIfMissing: missing === 'create',
  });
  await store.open();
  return store;
}

/** Runs `use` with the store open to change. */
export async function withStore<T>(
  location: string,
  missing: MissingStore,
  use: (store: ByteStore) => Promise<T>,
): Promise<T> {
  const store = await openStore(location, missing);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/**
 * Runs `use` with a store to take syncs from: open to change, which lets its tables be shared, or, where it cannot
 * be written to (read-only media, another user's), a view of it.
 */
export async function withSource<T>(
  location: string,
  use: (source: ByteStore | ByteReader) => Promise<T>,
): Promise<T> {
  return refusesWrites(location) ? withReader(location, use) : withStore(location, 'refuse', use);
}

function refusesWrites(location: string): boolean {
  try {
    accessSync(location, constants.W_OK);
    return false;
  } catch (error) {
    // One that is not there is for the open to report.
    return ['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

/**
 * Runs `use` with a view of the store as it is now.
 *
 * @param options `verifySpans` for what is to be copied, digested or compared: LevelDB reads blocks unchecked
 */
export async function withReader<T>(
  location: string,
  use: (reader: ByteReader) => Promise<T>,
  options: Pick<ReadOnlyOptions<Uint8Array, Uint8Array>, 'verifySpans' | 'signal'> = {},
): Promise<T> {
  checkLocation(location);
  const reader: ByteReader = await openReadOnly(location, { ...ENCODINGS, ...options });
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}

function checkLocation(location: string): void {
  if (location === '') throw usageError('the path of the store is empty');
}
