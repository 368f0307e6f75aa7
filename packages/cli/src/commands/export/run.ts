import { bucketSpan } from '@sstitch/keys';
import { VALUE_BUCKETS, type ValueBucket } from '@sstitch/records';
import type { CommandContext, Run } from '../../command-line/command-context.js';
import { CliError } from '../../errors.js';
import { ScanProgress } from '../../operations/scan-progress.js';
import { recordObject } from '../../records/record-lines.js';
import { hasKeys, syncIdsIn } from '../../stores/find-syncs.js';
import { type ByteReader, withReader } from '../../stores/open-store.js';
import { scanSpan } from '../../stores/scan-span.js';
import { spansOf } from '../../stores/sync-spans.js';
import { jsonText } from '../../terminal/escape.js';
import type { exportCommand } from './command.js';

/** The run comes first: it says what the sync is. */
const EXPORT_ORDER: readonly ValueBucket[] = [
  'sync_run',
  ...VALUE_BUCKETS.filter((bucket) => bucket !== 'sync_run'),
];

export const run: Run<typeof exportCommand> = async (context, { store, sync }) => {
  const { signal } = context;
  const syncIds = await syncIdsIn([store], sync, signal);
  await withReader(store, (reader) => exportSyncs(context, store, reader, syncIds), {
    verifySpans: spansOf(syncIds),
    signal,
  });
  return undefined;
};

async function exportSyncs(
  { io, progress, signal }: CommandContext,
  location: string,
  reader: ByteReader,
  syncIds: readonly string[],
): Promise<void> {
  const spans = syncIds.flatMap((syncId) =>
    EXPORT_ORDER.map((bucket) => ({ bucket, span: bucketSpan(bucket, syncId) })),
  );
  for (const [at, syncId] of syncIds.entries()) {
    const first = at * EXPORT_ORDER.length;
    const own = spans.slice(first, first + EXPORT_ORDER.length).map(({ span }) => span);
    if (await hasKeys(reader, own, signal)) continue;
    throw new CliError('SSTITCH_SYNC_NOT_FOUND', `${location} holds no records of sync ${syncId}`);
  }
  const shown = new ScanProgress(
    reader,
    spans.map(({ span }) => span),
    progress,
  );
  // Escapes cost time, and only a terminal acts on what they stand for.
  const lineOf = io.stdout.isTerminal ? jsonText : JSON.stringify;
  for (const [at, { bucket, span }] of spans.entries()) {
    for await (const page of scanSpan(reader, span, { signal })) {
      const lines = page.map(([key, value]) => `${lineOf(recordObject(bucket, key, value))}\n`);
      await shown.reach('exporting', at, page[0]?.[0]);
      if (io.stdout.isTerminal) await progress.clear();
      await io.stdout.write(lines.join(''));
    }
  }
}
