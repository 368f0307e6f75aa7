// Opens stores by their names, and closes them after a callback.
import { accessSync, constants, existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Span } from '@sstitch/contract';
import { openReadOnly, Store } from '@sstitch/engine';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { isClusterName } from '../command-line/store-name.js';
import { type ErrorReport, reportOf } from '../errors.js';
import { EXIT_CODES } from '../exit-codes.js';
import type { ByteReader, ByteStore, MissingStore } from './byte-store.js';
import { withFrozenCopy } from './frozen-copy.js';
import { requireStorePlace } from './input-path.js';

export type { ByteReader, ByteStore } from './byte-store.js';

/** A store in a directory, open for writing. */
export type LocalStore = Store<Uint8Array, Uint8Array>;

const ENCODINGS = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const RETRY_MS = 100;

/** How to wait for a store that another process has open. */
export interface Patience {
  readonly waitSeconds: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called repeatedly during the wait. */
  readonly onWait: (locked: ErrorReport, leftMs: number) => void;
}

/**
 * Opens a store in a directory for writing; the caller must close it.
 *
 * @throws CliError SSTITCH_INPUT_UNFIT if a store is to be created where a file is; the errors of opening a store
 */
export async function openLocalStore(location: string, missing: MissingStore): Promise<LocalStore> {
  if (missing === 'create') requireStorePlace(location, 'SSTITCH_INPUT_UNFIT');
  const store: LocalStore = new Store(location, {
    ...ENCODINGS,
    createIfMissing: missing === 'create',
  });
  await store.open();
  return store;
}

/** Runs `use` with the store open for writing. If it fails, a store that was made for it and is empty is removed. */
export async function withStore<T>(
  location: string,
  missing: MissingStore,
  use: (store: ByteStore) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  if (isClusterName(location)) {
    const { withClusterWriter } = await import('./open-cluster.js');
    return withClusterWriter(location, missing, use);
  }
  return withLocalStore(location, missing, use, patience);
}

/** {@link withStore} for a store in a directory. */
export async function withLocalStore<T>(
  location: string,
  missing: MissingStore,
  use: (store: LocalStore) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  const isNew = missing === 'create' && !existsSync(location);
  const store = await openPatiently(location, missing, patience);
  let isUnused = false;
  try {
    return await use(store);
  } catch (error) {
    isUnused = isNew && (await isEmpty(store));
    throw error;
  } finally {
    const removed = isUnused ? await moveAway(location) : undefined;
    await store.close();
    if (removed !== undefined) await removeTemporary(removed);
  }
}

/**
 * Moves an open store into a temporary directory beside it, and returns that. Its lock moves with it: a process that
 * waits for the store finds none and makes its own, which the removal does not touch.
 *
 * @returns undefined if the store cannot be moved, as on Windows while it is open
 */
async function moveAway(location: string): Promise<string | undefined> {
  try {
    const path = resolve(location);
    const directory = await makeTemporaryDirectory('.sstitch-unused-', dirname(path));
    await rename(path, join(directory, 'store'));
    return directory;
  } catch {
    // The error that ended the command is reported. An empty store stays.
    return undefined;
  }
}

/** Whether a store certainly holds no key. */
async function isEmpty(store: LocalStore): Promise<boolean> {
  try {
    return (await store.keys({ limit: 1 }).all()).length === 0;
  } catch {
    // It is not known: the error that ended the command is reported.
    return false;
  }
}

async function openPatiently(
  location: string,
  missing: MissingStore,
  patience: Patience | undefined,
): Promise<LocalStore> {
  if (patience === undefined) return openLocalStore(location, missing);
  const { waitSeconds, signal, onWait } = patience;
  const deadlineMs = performance.now() + waitSeconds * 1000;
  for (;;) {
    try {
      return await openLocalStore(location, missing);
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
 * Runs `use` with a source store. The store is opened for writing, so that its tables can be shared. If it cannot be
 * written (read-only media, another user's), or another process has it open, it is opened read-only.
 */
export async function withSource<T>(
  location: string,
  use: (source: ByteStore | ByteReader) => Promise<T>,
): Promise<T> {
  if (isClusterName(location) || refusesWrites(location)) return withReader(location, use);
  const store = await openUnlessLocked(location);
  if (store === undefined) return withReader(location, use);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/**
 * Runs `use` with a store that it does not change. If another process has the store open, or the store cannot be written
 * (read-only media, another user's), `use` gets a copy of the store's current state, by links where they are possible.
 */
export async function withStoreOrCopy<T>(
  location: string,
  signal: AbortSignal,
  use: (store: LocalStore) => Promise<T>,
): Promise<T> {
  const store = await openUnlessLocked(location).catch((error: unknown) => {
    // The engine has found that it is a store before it writes to it.
    if (!isFileFailure(error) || !isReadOnly(location)) throw error;
  });
  if (store === undefined) {
    return withFrozenCopy(location, signal, ({ storeDirectory }) =>
      withLocalStore(storeDirectory, 'refuse', use),
    );
  }
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Opens a store for writing, unless another process has it open. */
async function openUnlessLocked(location: string): Promise<LocalStore | undefined> {
  try {
    return await openLocalStore(location, 'refuse');
  } catch (error) {
    if (reportOf(error).exitCode === EXIT_CODES.locked) return undefined;
    throw error;
  }
}

/** Whether opening a store failed in a file operation or in LevelDB, and not because of what the store holds. */
function isFileFailure(error: unknown): boolean {
  return ['SSTITCH_FILE_OPERATION', 'SSTITCH_LEVELDB'].includes(reportOf(error).code);
}

/** Whether a store can be read and cannot be written. */
function isReadOnly(location: string): boolean {
  return refusesWrites(location) && !refuses(join(location, 'CURRENT'), constants.R_OK);
}

function refusesWrites(location: string): boolean {
  return refuses(location, constants.W_OK);
}

/** Whether access is refused. Opening the store reports that it is missing. */
function refuses(path: string, access: number): boolean {
  try {
    accessSync(path, access);
    return false;
  } catch (error) {
    return ['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

/**
 * Options that make this thread link the files of a read-only open, which is faster than starting a worker. If
 * nothing can be linked (read-only media), a worker copies the tables.
 */
export function withoutThread(location: string): { readonly fileSystem?: FileSystem } {
  return refusesWrites(location) ? {} : { fileSystem: nodeFileSystem };
}

/** Options of {@link withReader}. */
export interface ReaderOptions {
  /**
   * Spans whose stored data is verified first. They must cover data that is to be copied, digested or compared, because
   * LevelDB does not verify the blocks that it reads.
   */
  readonly verifySpans?: readonly Span[];
  readonly signal?: AbortSignal;
}

/** Runs `use` with the current state of the store, open read-only. */
export async function withReader<T>(
  location: string,
  use: (reader: ByteReader) => Promise<T>,
  options: ReaderOptions = {},
): Promise<T> {
  if (isClusterName(location)) {
    const { withClusterReader } = await import('./open-cluster.js');
    return withClusterReader(location, use);
  }
  const reader = await openReadOnly<Uint8Array, Uint8Array>(location, {
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
