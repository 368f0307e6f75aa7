import { existsSync } from 'node:fs';
import { RECORD_BUCKETS } from '@sstitch/keys';
import type { LoadedSync } from '@sstitch/records';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import { isClusterName } from '../../command-line/store-name.js';
import { needsLookup } from '../../command-line/sync-reference.js';
import { CliError, isDoubt, leavesDoubt, usageError } from '../../errors.js';
import {
  errorOfFiles,
  type FileError,
  failureText,
  fileErrorOf,
} from '../../operations/failed-files.js';
import { type ImportFile, importFiles } from '../../operations/import-files.js';
import { loadFile } from '../../operations/load-file.js';
import { zoneOfSeveral } from '../../operations/open-input.js';
import { formatCount, formatMs, roundMs } from '../../output/quantities.js';
import { type Column, formatTable } from '../../output/table.js';
import type { SyncFormat } from '../../records/sync-format.js';
import { writtenSyncId } from '../../stores/new-sync-id.js';
import { withReader } from '../../stores/open-store.js';
import { escapeText } from '../../terminal/escape.js';
import type { importCommand } from './command.js';

/** What was imported for one sync. */
interface ImportedSync {
  readonly file: string;
  readonly format: SyncFormat;
  readonly syncId: string;
  readonly records: Record<string, number>;
  readonly keys: number;
}

/** A file that was not imported. */
interface FailedFile {
  readonly file: string;
  readonly error: FileError;
}

export const run: Run<typeof importCommand> = async (context, input) => {
  const started = performance.now();
  const files = importFiles(input.files);
  const { as: given, into, sync, wait } = input;
  const zone = files.length > 1 ? zoneOfSeveral(input.zone) : input.zone;
  if (given !== undefined && files.length > 1) {
    throw usageError(`--as imports one sync from one file, but ${files.length} files are named`);
  }
  const as = given === undefined ? undefined : await knownSync(given, into, context.signal);
  const imported: ImportedSync[] = [];
  const failed: FailedFile[] = [];
  for (const file of files) {
    try {
      const { format, syncs } = await loadFile(context, file, { into, sync, as, zone, wait });
      imported.push(...syncs.map((sync) => importedSync(file, format, sync)));
    } catch (error) {
      if (files.length === 1 || (context.signal.aborted && leavesDoubt(error))) throw error;
      if (context.signal.aborted) {
        throw interrupted({ imported, failed, files: files.length }, error);
      }
      failed.push({ file: file.name, error: fileErrorOf(error) });
    }
  }
  return resultOf(context, { imported, failed, files: files.length }, performance.now() - started);
};

/** Resolves the reference of `--as`: a new id, or a sync that the store holds. */
async function knownSync(reference: string, into: string, signal: AbortSignal): Promise<string> {
  if (!needsLookup(reference)) return reference;
  if (!isClusterName(into) && !existsSync(into)) {
    throw new CliError(
      'SSTITCH_SYNC_NOT_FOUND',
      `--as ${JSON.stringify(reference)}: ${into} does not exist yet, so it holds no such sync, and the id of a new one has 27 characters`,
    );
  }
  return withReader(into, (reader) => writtenSyncId(reader, into, reference, signal), { signal });
}

interface Outcome {
  readonly imported: readonly ImportedSync[];
  readonly failed: readonly FailedFile[];
  /** How many files there were. */
  readonly files: number;
}

function resultOf(
  { columns, style }: CommandContext,
  { imported, failed, files }: Outcome,
  elapsedMs: number,
): CommandResult {
  const durationMs = roundMs(elapsedMs);
  const isOne = files === 1;
  const fileColumn: readonly Column[] = isOne ? [] : [{ title: 'FILE' }];
  const table = formatTable(
    [
      ...fileColumn,
      { title: 'SYNC' },
      { title: 'TYPES', align: 'right' },
      { title: 'RESOURCES', align: 'right' },
      { title: 'ENTITL.', align: 'right' },
      { title: 'GRANTS', align: 'right' },
      { title: 'ASSETS', align: 'right' },
      { title: 'KEYS', align: 'right' },
    ],
    imported.map(({ file, syncId, records, keys }) => [
      ...(isOne ? [] : [escapeText(file)]),
      syncId,
      ...RECORD_BUCKETS.map((bucket) => formatCount(records[bucket] ?? 0)),
      formatCount(keys),
    ]),
    style.bold,
    columns,
  );
  const error = errorOfFiles(
    failed.map((each) => each.error),
    files,
  );
  return {
    document: { syncs: imported, failed, durationMs },
    text: failed.map(({ file, error }) => `${escapeText(failureText(file, error))}\n`).join(''),
    summary: `${imported.length === 0 ? '' : table}imported in ${formatMs(durationMs)}\n`,
    ...(error !== undefined && { error }),
  };
}

/** The error for a signal: it says which files are imported. */
function interrupted({ imported, failed, files }: Outcome, cause: unknown): CliError {
  const done = new Set(imported.map(({ file }) => file)).size;
  const doubtful = failed.filter(({ error }) => isDoubt(error.code)).length;
  const more = doubtful === 0 ? '' : `, and ${doubtful} more may have been`;
  const message = `interrupted; ${done} of ${files} files were imported, each in one commit${more}`;
  return new CliError('SSTITCH_ABORTED', message, { cause });
}

function importedSync(
  { name }: ImportFile,
  format: SyncFormat,
  { syncId, entries, stats }: LoadedSync,
): ImportedSync {
  const records = {
    resource_type: Number(stats.resourceTypes),
    resource: Number(stats.resources),
    entitlement: Number(stats.entitlements),
    grant: Number(stats.grants),
    asset: Number(stats.assets),
  };
  return { file: name, format, syncId, records, keys: entries };
}
