import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { makeTemporaryFolder, removeTemporaryFolder } from '@sstitch/c1z/temporary-folder';
import { RECORD_BUCKETS } from '@sstitch/keys';
import { BulkImport } from '../../bulk-import.js';
import type { CommandContext, CommandRegistry, CommandResult } from '../../command-line/command.js';
import { syncsOption } from '../../command-line/option-values.js';
import { CliError } from '../../errors.js';
import { formatBytes, formatCount, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { spansOf } from '../../reports/compaction-report.js';
import { requireFile } from '../../stores/input-path.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import { type RecordSink, readImport } from './import-sources.js';

interface ImportFlags {
  readonly into: string;
  readonly sync?: readonly string[];
  readonly zone?: string;
}

/** What was imported of one sync. */
interface ImportedSync {
  readonly syncId: string;
  readonly records: Record<string, number>;
  keys: number;
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
        'fit is sorted on disk: in the store, or in the folder for temporary files while there is no store.',
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
        const folder = await store.newStagingFolder();
        await mkdir(folder);
        return loadIn(folder, context, file, flags, (commit) => commit(store));
      })
    : await loadIn(
        await makeTemporaryFolder('sstitch-import-'),
        ...([context, file, flags] as const),
        (commit) => withStore(flags.into, 'create', commit),
      );
  return resultOf(context, imported, performance.now() - started);
}

/**
 * Reads the file, then commits to the store that `open` gives; removes the folder in any case.
 *
 * @param folder for tables on their way
 */
async function loadIn(
  folder: string,
  context: CommandContext,
  file: string,
  flags: ImportFlags,
  open: (commit: (store: ByteStore) => Promise<void>) => Promise<void>,
): Promise<readonly ImportedSync[]> {
  const bulk = new BulkImport(folder, { signal: context.signal });
  try {
    const syncs = await readAll(context, file, flags, bulk);
    await open(async (store) => {
      context.progress.update(() => 'committing');
      await bulk.commit(store, spansOf(syncs.map(({ syncId }) => syncId)));
    });
    return syncs;
  } finally {
    await bulk.end();
    await removeTemporaryFolder(folder);
  }
}

/** Reads the file into the bulk load. */
async function readAll(
  { progress, signal }: CommandContext,
  file: string,
  flags: ImportFlags,
  bulk: BulkImport,
): Promise<readonly ImportedSync[]> {
  const syncs = new Map<string, ImportedSync>();
  const sink: RecordSink = {
    add(syncId, bucket, record, value) {
      let sync = syncs.get(syncId);
      if (sync === undefined) {
        sync = newSync(syncId);
        syncs.set(syncId, sync);
      }
      const before = bulk.entries;
      bulk.add(syncId, record, value);
      sync.keys += bulk.entries - before;
      if (bucket in sync.records) sync.records[bucket] = (sync.records[bucket] ?? 0) + 1;
    },
    async room() {
      signal.throwIfAborted();
      progress.update(() => `reading: ${formatCount(bulk.entries)} keys`);
      await bulk.room();
    },
  };
  await readImport(file, sink, {
    syncIds: flags.sync,
    zone: flags.zone,
    signal,
    onDecoding: (bytes) => progress.update(() => `decoding: ${formatBytes(bytes)}`),
  });
  signal.throwIfAborted();
  if (syncs.size === 0) throw new CliError('SSTITCH_SYNC_NOT_FOUND', `${file} holds no sync`);
  return [...syncs.values()];
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

function newSync(syncId: string): ImportedSync {
  const records = Object.fromEntries(RECORD_BUCKETS.map((bucket) => [bucket, 0]));
  return { syncId, records, keys: 0 };
}
