// Opens stores for the length of a piece of work.
import { accessSync, constants } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openReadOnly, type ReadOnlyOptions, type ReadOnlyStore, Store } from '@sstitch/engine';
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { type ErrorReport, reportOf } from '../errors.js';
import { EXIT_CODES } from '../exit-codes.js';

/** A store that can be changed; keys and values are bytes. */
export type ByteStore = Store<Uint8Array, Uint8Array>;
/** A private view of a store: works beside a process that has it open. */
export type ByteReader = ReadOnlyStore<Uint8Array, Uint8Array>;

const ENCODINGS = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const RETRY_MS = 100;

/** What to do with a location that holds no store. */
export type MissingStore = 'refuse' | 'create';

/** How long to wait for a store that another process has open. */
export interface Patience {
  readonly waitSeconds: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called again and again while it waits. */
  readonly onWait: (locked: ErrorReport, leftMs: number) => void;
}

/** Opens a store to change it; the caller closes it. */
export async function openStore(location: string, missing: MissingStore): Promise<ByteStore> {
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
  patience?: Patience,
): Promise<T> {
  const store = await openPatiently(location, missing, patience);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

async function openPatiently(
  location: string,
  missing: MissingStore,
  patience: Patience | undefined,
): Promise<ByteStore> {
  if (patience === undefined) return openStore(location, missing);
  const { waitSeconds, signal, onWait } = patience;
  const deadlineMs = performance.now() + waitSeconds * 1000;
  for (;;) {
    try {
      return await openStore(location, missing);
    } catch (error) {
      const report = reportOf(error);
      const leftMs = deadlineMs - performance.now();
      if (report.exitCode !== EXIT_CODES.locked || leftMs <= 0) throw error;
      onWait(report, leftMs);
      await sleep(Math.min(RETRY_MS, leftMs), undefined, { signal });
    }
  }
}

/**
 * Runs `use` with a store to take syncs from: open to change, which lets its tables be shared, or, where it cannot
 * be written to (read-only media, another user's), a view of it.
 */
export async function withSource<T>(
  location: string,
  use: (source: ByteStore | ByteReader) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  return refusesWrites(location)
    ? withReader(location, use)
    : withStore(location, 'refuse', use, patience);
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
 * Options of a read-only open whose files this thread links: that takes less time than starting another. Where
 * nothing can be linked (read-only media), tables are copied, and a thread does that.
 */
export function withoutThread(location: string): { readonly fileSystem?: FileSystem } {
  return refusesWrites(location) ? {} : { fileSystem: nodeFileSystem };
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
  const reader: ByteReader = await openReadOnly(location, {
    ...ENCODINGS,
    ...options,
    ...(options.verifySpans === undefined ? withoutThread(location) : {}),
  });
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}
