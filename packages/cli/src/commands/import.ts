import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '@sstitch/c1z/temporary-directory';
import { type LoadedTables, TableLoader } from '@sstitch/engine';
import { RECORD_BUCKETS } from '@sstitch/keys';
import { type LoadedSync, RecordLoader, RecordsError } from '@sstitch/records';
import { syncsOption } from '../arguments.js';
import type { CommandContext, CommandRegistry, CommandResult } from '../command-context.js';
import { CliError } from '../errors.js';
import { type RecordSink, readImport } from '../import-sources.js';
import { requireFile } from '../input-path.js';
import { type ByteStore, withStore } from '../open-store.js';
import { formatBytes, formatCount, formatMs, roundMs } from '../output/quantities.js';
import { formatTable } from '../output/table.js';

interface ImportFlags {
  readonly into: string;
  readonly sync?: readonly string[];
  readonly zone?: string;
}

/** What was imported of one sync. */
interface ImportedSync {
  readonly syncId: string;
  readonly records: Record<string, number>;
  readonly keys: number;
}

export function addImportCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'import <file>',
      summary: 'read a .c1z or .jsonl file into a store',
      description:
        'Reads a .c1z file, or a .jsonl file as `export` writes it, into a store, which is made if it ' +
        'does not exist. All that the store holds under the same sync ids is replaced, in one commit: ' +
        'if anything in the file is wrong, the store stays as it was. Memory is bounded: what does not ' +
        'fit is sorted on disk: in the store, or in the directory for temporary files while there is no store.',
      examples: [
        ['import sync.c1z --into base', 'all syncs of the file'],
        ['import sync.c1z --into base --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'one of them'],
        ['import sync.c1z --into base --zone Europe/Berlin', 'a connector that ran there wrote it'],
      ],
    })
    .requiredOption('--into <store>', 'the store to import into')
    .addOption(syncsOption('these syncs alone'))
    .option(
      '--zone <zone>',
      'the time zone of the host that wrote a .c1z file, whose times name none: "UTC", "Europe/Berlin", "+02:00"; by default that of this host',
    )
    .action(
      registry.handle((context, file: string, flags: ImportFlags) =>
        importFile(context, file, flags),
      ),
    );
}

async function importFile(
  context: CommandContext,
  file: string,
  flags: ImportFlags,
): Promise<CommandResult> {
  const started = performance.now();
  requireFile(file);
  // A store that is there is opened first, so that a locked one is found out at once; one that is not is
  // made last, so that a bad file makes none.
  const imported = existsSync(flags.into)
    ? await withStore(flags.into, 'create', async (store) => {
        const directory = await store.newStagingDirectory();
        await mkdir(directory);
        return loadIn(directory, context, file, flags, (commit) => commit(store));
      })
    : await loadIn(
        await makeTemporaryDirectory('sstitch-import-'),
        ...([context, file, flags] as const),
        (commit) => withStore(flags.into, 'create', commit),
      );
  return resultOf(context, imported, performance.now() - started);
}

/**
 * Reads the file, then commits to the store that `open` gives; removes the directory in any case.
 *
 * @param directory for tables on their way
 */
async function loadIn(
  directory: string,
  context: CommandContext,
  file: string,
  flags: ImportFlags,
  open: (commit: (store: ByteStore) => Promise<void>) => Promise<void>,
): Promise<readonly ImportedSync[]> {
  const { progress, signal } = context;
  const loader = new RecordLoader((options) => new TableLoader(directory, options), { signal });
  let imported: ImportedSync[] = [];
  try {
    await readAll(context, file, flags, loader);
    await open(async (store) => {
      progress.update(() => 'committing');
      imported = (await loader.commit(store)).map(importedSync);
    });
    return imported;
  } catch (error) {
    if (!(error instanceof RecordsError) || error.code !== 'SSTITCH_RECORD_REPEATED') throw error;
    throw new CliError('SSTITCH_IMPORT_INVALID', `${file} holds a record twice: ${error.message}`, {
      cause: error,
    });
  } finally {
    await loader.end();
    await removeTemporaryDirectory(directory);
  }
}

/** Reads the file into the bulk load. */
async function readAll(
  { progress, signal }: CommandContext,
  file: string,
  flags: ImportFlags,
  loader: RecordLoader<LoadedTables>,
): Promise<void> {
  const sink: RecordSink = {
    add: (syncId, record, value) => loader.add(syncId, record, value),
    async room() {
      signal.throwIfAborted();
      progress.update(() => `reading: ${formatCount(loader.entries)} keys`);
      await loader.room();
    },
  };
  await readImport(file, sink, {
    syncIds: flags.sync,
    zone: flags.zone,
    signal,
    onDecoding: (bytes) => progress.update(() => `decoding: ${formatBytes(bytes)}`),
  });
  signal.throwIfAborted();
  if (loader.syncIds.length === 0) {
    throw new CliError('SSTITCH_SYNC_NOT_FOUND', `${file} holds no sync`);
  }
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
    text: `${table}imported in ${formatMs(durationMs)}\n`,
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
