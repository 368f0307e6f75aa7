// Loads the syncs of one file into a store, in one commit.
import { existsSync } from 'node:fs';
import type { ReadableEngine } from '@sstitch/contract';
import { type LoadedTables, TableLoader, type TableLoaderOptions } from '@sstitch/engine';
import {
  type EntryTables,
  type LoadedSync,
  RecordLoader,
  RecordsError,
  StoreSink,
  type SyncSink,
  type TableStore,
} from '@sstitch/records';
import { makeTemporaryDirectory, removeTemporary } from '@sstitch/records/temporary-files';
import type { CommandContext } from '../command-line/command-context.js';
import { isClusterName } from '../command-line/store-name.js';
import { chooseSyncs, needsLookup } from '../command-line/sync-reference.js';
import { CliError, usageError } from '../errors.js';
import { formatCountOf } from '../output/quantities.js';
import type { SyncFormat } from '../records/sync-format.js';
import { requireStorePlace } from '../stores/input-path.js';
import { withStore } from '../stores/open-store.js';
import type { ImportFile } from './import-files.js';
import { type InputZone, type OpenInput, openInput } from './open-input.js';
import { showCommit } from './show-commit.js';
import { patienceOf } from './wait-for-store.js';

/** What to load, and into which store. */
export interface LoadRequest {
  readonly into: string;
  /** References to syncs of the file. @defaultValue all */
  readonly sync: readonly string[] | undefined;
  /** Returns the ids of the syncs to load, if `sync` names none. `store` is undefined if the store does not exist yet. */
  readonly choose?: (
    input: OpenInput,
    store: ReadableEngine | undefined,
  ) => Promise<readonly string[]>;
  /** The id under which the one sync of the file is imported. @defaultValue its own */
  readonly as: string | undefined;
  readonly zone: InputZone | undefined;
  readonly wait: number;
}

/** What was loaded from a file. */
export interface LoadedFile {
  readonly format: SyncFormat;
  readonly syncs: readonly LoadedSync[];
}

/** The value of `--sync` that means every sync of a file, as without the option. */
const ALL = 'all';

/**
 * Loads a file. If anything in it is wrong, the store stays as it was, or is not created.
 * @throws CliError; C1zError; LinesError; EngineError
 */
export async function loadFile(
  context: CommandContext,
  file: ImportFile,
  request: LoadRequest,
): Promise<LoadedFile> {
  const { into } = request;
  const patience = patienceOf(context, request.wait);
  // An existing store is opened first, so that a lock is reported at once. A missing one is created last, so
  // that a bad file creates none.
  // A store on a cluster is created by its first commit.
  if (isClusterName(into) || existsSync(into)) {
    return withStore(
      into,
      'create',
      (store) => {
        const loader = newLoader((options) => store.tableLoader(options), context);
        return load(loader, context, file, request, { store, held: store });
      },
      patience,
    );
  }
  requireStorePlace(into, 'SSTITCH_INPUT_UNFIT');
  const directory = await makeTemporaryDirectory('sstitch-import-');
  try {
    const loader = newLoader((options) => new TableLoader(directory, options), context);
    const store: TableStore<LoadedTables> = {
      ingestAndExcise: (tables, options) =>
        withStore(into, 'create', (made) => made.ingestAndExcise(tables, options), patience),
    };
    return await load(loader, context, file, request, { store, held: undefined });
  } finally {
    await removeTemporary(directory);
  }
}

type Loader = RecordLoader<LoadedTables>;

/** What a file is loaded into. */
interface Target {
  readonly store: TableStore<LoadedTables>;
  /** The store to read; undefined if it is made at the end. */
  readonly held: ReadableEngine | undefined;
}

function newLoader(
  open: (options: TableLoaderOptions) => EntryTables<LoadedTables>,
  { progress, signal }: CommandContext,
): Loader {
  return new RecordLoader(open, { signal, onProgress: showCommit(progress) });
}

/** Reads the file, then commits to the store. */
async function load(
  loader: Loader,
  context: CommandContext,
  file: ImportFile,
  request: LoadRequest,
  { store, held }: Target,
): Promise<LoadedFile> {
  const { progress, signal } = context;
  const sink = new StoreSink(loader, store);
  try {
    const format = await readFile(context, file, request, held, sink);
    signal.throwIfAborted();
    const { syncIds } = loader;
    if (syncIds.length === 0) {
      throw new CliError('SSTITCH_SYNC_NOT_FOUND', `${file.name} holds no sync`);
    }
    context.note(`read ${formatCountOf(loader.entries, 'key')} of ${syncIds.join(', ')}`);
    progress.update({ doing: 'committing' });
    return { format, syncs: await sink.finish() };
  } catch (error) {
    if (!(error instanceof RecordsError) || error.code !== 'SSTITCH_RECORD_REPEATED') throw error;
    const message = `${file.name}: ${error.message}`;
    throw new CliError('SSTITCH_IMPORT_INVALID', message, { cause: error });
  } finally {
    await sink.close();
  }
}

/** Reads the file into the sink. */
async function readFile(
  context: CommandContext,
  file: ImportFile,
  { sync, choose, as, zone }: LoadRequest,
  held: ReadableEngine | undefined,
  sink: SyncSink<unknown>,
): Promise<SyncFormat> {
  const input = await openInput(context, file, zone);
  try {
    const syncIds =
      choose === undefined ? await chosenSyncs(file.name, input, sync) : await choose(input, held);
    const { progress } = context;
    const total = progress.isShown ? await input.countRecords(syncIds) : undefined;
    let read = 0;
    let renamed: string | undefined;
    for await (const batch of input.batches(syncIds)) {
      context.signal.throwIfAborted();
      renamed ??= batch.syncId;
      if (as !== undefined && batch.syncId !== renamed) {
        throw usageError(
          `${file.name} holds several syncs, among them ${renamed} and ${batch.syncId}: choose with --sync which one to import as ${as}`,
        );
      }
      // Only the store itself keeps versions of its syncs.
      const own = batch.asOrdinarySync();
      await sink.add(as === undefined ? own : own.withSyncId(as));
      read += batch.length;
      const place = input.place();
      progress.update({
        doing: `reading ${file.name}`,
        ...(place === undefined
          ? { done: read, total, unit: 'records' }
          : { ...place, unit: 'bytes' }),
      });
    }
    return input.format;
  } finally {
    await input.close();
  }
}

/** @throws CliError SSTITCH_SYNC_NOT_FOUND, SSTITCH_USAGE */
async function chosenSyncs(
  name: string,
  input: OpenInput,
  references: readonly string[] | undefined,
): Promise<readonly string[] | undefined> {
  if (references === undefined || (references.length === 1 && references[0] === ALL)) {
    return undefined;
  }
  return chooseSyncs(references, references.some(needsLookup) ? await input.syncs() : [], name);
}
