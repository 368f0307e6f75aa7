import { statSync } from 'node:fs';
import { bucketSpan } from '@sstitch/keys';
import { StoreSource, VALUE_BUCKETS } from '@sstitch/records';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { CliError } from '../../errors.js';
import { withSyncs } from '../../operations/open-syncs.js';
import { totalRecords } from '../../operations/sync-counts.js';
import { formatBytes, formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { formatOfName } from '../../records/sync-format.js';
import { hasKeys, syncIdsOf } from '../../stores/find-syncs.js';
import type { ByteReader } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import { OutputClosed } from '../../terminal/io.js';
import type { exportCommand } from './command.js';
import { openSink } from './export-sink.js';
import { type ExportTarget, exportTarget } from './export-target.js';

type Input = InputOf<typeof exportCommand>;

export const run: Run<typeof exportCommand> = async (context, input) => {
  const started = performance.now();
  const { signal } = context;
  const target = exportTarget(context, input);
  const { syncIds, records } = await withSyncs(
    context,
    input.store,
    zoneOfInput(input, target),
    async (reader) => {
      const syncIds = await syncIdsOf(reader, input.store, input.sync, signal);
      await reader.verifySpans(spansOf(syncIds), { signal });
      return { syncIds, records: await exportSyncs(context, input, reader, target, syncIds) };
    },
  );
  if (target.path === undefined) return undefined;
  return resultOf({ ...target, path: target.path }, syncIds, records, performance.now() - started);
};

/** The zone of a file that is read. A file with zones is refused one, unless the zone is for the file that is written. */
function zoneOfInput({ store, zone }: Input, { format }: ExportTarget): string | undefined {
  return format !== 'c1z1' || formatOfName(store) === 'c1z' ? zone : undefined;
}

/** Copies the syncs to the sink. @returns how many records the file holds; a sheet holds only the grants. */
async function exportSyncs(
  context: CommandContext,
  { store, zone, bom }: Input,
  reader: ByteReader,
  target: ExportTarget,
  syncIds: readonly string[],
): Promise<number> {
  const { progress, signal } = context;
  for (const syncId of syncIds) {
    const spans = VALUE_BUCKETS.map((bucket) => bucketSpan(bucket, syncId));
    if (await hasKeys(reader, spans, signal)) continue;
    throw new CliError('SSTITCH_SYNC_NOT_FOUND', `${store} holds no records of sync ${syncId}`);
  }
  const total = await totalRecords(syncIds.map((syncId) => ({ engine: reader, syncId })));
  const source = new StoreSource(reader);
  const sink = await openSink(context, target, reader, { signal, zone, byteOrderMark: bom });
  let done = 0;
  let held = 0;
  try {
    for await (const batch of source.batches({ syncIds, signal })) {
      // Only the store itself keeps versions of its syncs.
      await sink.add(batch.asOrdinarySync());
      done += batch.length;
      if (target.format !== 'csv' || batch.bucket === 'grant') held += batch.length;
      progress.update({ doing: 'exporting', done, total, unit: 'records' });
    }
    await sink.finish();
    return held;
  } catch (error) {
    throw outputErrorIn(error) ?? error;
  } finally {
    await sink.close();
  }
}

/** The error of standard output, if that is why the export failed. */
function outputErrorIn(error: unknown): Error | undefined {
  for (let link = error; link instanceof Error; link = link.cause) {
    if (link instanceof OutputClosed) return link;
    if (link instanceof CliError && link.code === 'SSTITCH_OUTPUT_FAILED') return link;
  }
  return undefined;
}

function resultOf(
  { path, format }: ExportTarget & { readonly path: string },
  syncs: readonly string[],
  records: number,
  elapsedMs: number,
): CommandResult {
  const durationMs = roundMs(elapsedMs);
  const sizeBytes = statSync(path).size;
  return {
    document: { output: path, format, syncs, records, sizeBytes, durationMs },
    summary:
      `wrote ${formatCountOf(records, format === 'csv' ? 'grant' : 'record')} of ${formatCountOf(syncs.length, 'sync')} to ${path}: ` +
      `${formatBytes(sizeBytes)} in ${formatMs(durationMs)}\n`,
  };
}
