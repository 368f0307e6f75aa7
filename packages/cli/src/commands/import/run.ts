import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '@sstitch/c1z/temporary-directory';
import { type LoadedTables, TableLoader } from '@sstitch/engine';
import { RECORD_BUCKETS } from '@sstitch/keys';
import { type LoadedSync, RecordLoader, RecordsError } from '@sstitch/records';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { CliError } from '../../errors.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCount, formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { requireFile } from '../../stores/input-path.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import type { importCommand } from './command.js';
import { type RecordSink, readImport } from './import-sources.js';

type Input = InputOf<typeof importCommand>;

/** What was imported of one sync. */
interface ImportedSync {
  readonly syncId: string;
  readonly records: Record<string, number>;
  readonly keys: number;
}

export const run: Run<typeof importCommand> = async (context, input) => {
  const started = performance.now();
  requireFile(input.file);
  const patience = patienceOf(context, input.wait);
  // A store that is there is opened first, so that a locked one is found out at once; one that is not is
  // made last, so that a bad file makes none.
  const imported = existsSync(input.into)
    ? await withStore(
        input.into,
        'create',
        async (store) => {
          const directory = await store.newStagingDirectory();
          await mkdir(directory);
          return loadIn(directory, context, input, (commit) => commit(store));
        },
        patience,
      )
    : await loadIn(await makeTemporaryDirectory('sstitch-import-'), context, input, (commit) =>
        withStore(input.into, 'create', commit, patience),
      );
  return resultOf(context, imported, performance.now() - started);
};

/**
 * Reads the file, then commits to the store that `open` passes on; removes the directory in any case.
 *
 * @param directory for tables on their way
 */
async function loadIn(
  directory: string,
  context: CommandContext,
  input: Input,
  open: (commit: (store: ByteStore) => Promise<void>) => Promise<void>,
): Promise<readonly ImportedSync[]> {
  const { progress, signal } = context;
  const loader = new RecordLoader((options) => new TableLoader(directory, options), { signal });
  try {
    await readAll(context, input, loader);
    let imported: readonly ImportedSync[] = [];
    await open(async (store) => {
      progress.update({ doing: 'committing' });
      imported = (await loader.commit(store)).map(importedSync);
    });
    return imported;
  } catch (error) {
    if (!(error instanceof RecordsError) || error.code !== 'SSTITCH_RECORD_REPEATED') throw error;
    const message = `${input.file}: ${error.message}`;
    throw new CliError('SSTITCH_IMPORT_INVALID', message, { cause: error });
  } finally {
    await loader.end();
    await removeTemporaryDirectory(directory);
  }
}

/** Reads the file into the loader. */
async function readAll(
  { note, progress, signal }: CommandContext,
  { file, sync, zone }: Input,
  loader: RecordLoader<LoadedTables>,
): Promise<void> {
  const sink: RecordSink = {
    add: (syncId, record, value) => loader.add(syncId, record, value),
    async room() {
      signal.throwIfAborted();
      await loader.room();
    },
  };
  await readImport(file, sink, {
    syncs: sync,
    zone,
    signal,
    onProgress: (step) => progress.update(step),
  });
  signal.throwIfAborted();
  const { syncIds } = loader;
  if (syncIds.length === 0) throw new CliError('SSTITCH_SYNC_NOT_FOUND', `${file} holds no sync`);
  note(`read ${formatCountOf(loader.entries, 'key')} of ${syncIds.join(', ')}`);
}

function resultOf(
  { columns, style }: CommandContext,
  imported: readonly ImportedSync[],
  elapsedMs: number,
): CommandResult {
  const durationMs = roundMs(elapsedMs);
  const table = formatTable(
    [
      { title: 'SYNC' },
      { title: 'TYPES', align: 'right' },
      { title: 'RESOURCES', align: 'right' },
      { title: 'ENTITL.', align: 'right' },
      { title: 'GRANTS', align: 'right' },
      { title: 'ASSETS', align: 'right' },
      { title: 'KEYS', align: 'right' },
    ],
    imported.map(({ syncId, records, keys }) => [
      syncId,
      ...RECORD_BUCKETS.map((bucket) => formatCount(records[bucket] ?? 0)),
      formatCount(keys),
    ]),
    style.bold,
    columns,
  );
  return {
    document: { syncs: imported, durationMs },
    summary: `${table}imported in ${formatMs(durationMs)}\n`,
  };
}

function importedSync({ syncId, entries, stats }: LoadedSync): ImportedSync {
  const records = {
    resource_type: Number(stats.resourceTypes),
    resource: Number(stats.resources),
    entitlement: Number(stats.entitlements),
    grant: Number(stats.grants),
    asset: Number(stats.assets),
  };
  return { syncId, records, keys: entries };
}
