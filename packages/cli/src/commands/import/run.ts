import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '@sstitch/c1z/temporary-directory';
import { RECORD_BUCKETS } from '@sstitch/keys';
import { BulkImport } from '../../bulk-import.js';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { CliError } from '../../errors.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { formatCount, formatMs, roundMs } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { requireFile } from '../../stores/input-path.js';
import { type ByteStore, withStore } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { importCommand } from './command.js';
import { type RecordSink, readImport } from './import-sources.js';

type Input = InputOf<typeof importCommand>;

/** What was imported of one sync. */
interface ImportedSync {
  readonly syncId: string;
  readonly records: Record<string, number>;
  keys: number;
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
  const bulk = new BulkImport(directory, { signal: context.signal });
  try {
    const syncs = await readAll(context, input, bulk);
    await open(async (store) => {
      context.progress.update({ doing: 'committing' });
      await bulk.commit(store, spansOf(syncs.map(({ syncId }) => syncId)));
    });
    return syncs;
  } finally {
    await bulk.end();
    await removeTemporaryDirectory(directory);
  }
}

/** Reads the file into the bulk load. */
async function readAll(
  { note, progress, signal }: CommandContext,
  { file, sync, zone }: Input,
  bulk: BulkImport,
): Promise<readonly ImportedSync[]> {
  const syncs = new Map<string, ImportedSync>();
  const sink: RecordSink = {
    add(syncId, bucket, record, value) {
      let sync = syncs.get(syncId);
      if (sync === undefined) {
        sync = newSync(syncId);
        syncs.set(syncId, sync);
        note(`reading sync ${syncId} of ${file}`);
      }
      const before = bulk.entries;
      bulk.add(syncId, record, value);
      sync.keys += bulk.entries - before;
      if (bucket in sync.records) sync.records[bucket] = (sync.records[bucket] ?? 0) + 1;
    },
    async room() {
      signal.throwIfAborted();
      await bulk.room();
    },
  };
  await readImport(file, sink, {
    syncs: sync,
    zone,
    signal,
    onProgress: (step) => progress.update(step),
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
    summary: `${table}imported in ${formatMs(durationMs)}\n`,
  };
}

function newSync(syncId: string): ImportedSync {
  const records = Object.fromEntries(RECORD_BUCKETS.map((bucket) => [bucket, 0]));
  return { syncId, records, keys: 0 };
}
