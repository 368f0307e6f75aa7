import { bucketSpan } from '@sstitch/keys';
import { VALUE_BUCKETS, type ValueBucket } from '@sstitch/records';
import type { CommandContext, CommandRegistry } from '../../command-line/command.js';
import { syncsOption } from '../../command-line/option-values.js';
import { CliError } from '../../errors.js';
import { formatCount } from '../../output/quantities.js';
import { recordObject } from '../../records/record-lines.js';
import { spansOf } from '../../reports/compaction-report.js';
import { type ByteReader, withReader } from '../../stores/open-store.js';
import { hasKeys, scanSpan } from '../../stores/scan-span.js';

/** The run goes first, as whoever reads the file wants to know what it is. */
const EXPORT_ORDER: readonly ValueBucket[] = [
  'sync_run',
  ...VALUE_BUCKETS.filter((bucket) => bucket !== 'sync_run'),
];

export function addExportCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'export <store>',
      summary: 'write the records of syncs as .jsonl',
      description:
        'Writes every record of some syncs to standard output, sync by sync, one JSON object a line: ' +
        '{"type":"grant","record":{…}}. Importing it again gives the same bytes. --json changes ' +
        'nothing here: the lines are JSON already. Exits with 3, and writes nothing, if the store ' +
        'holds no records of one of them.',
      examples: [
        ['export base --sync 36zfOAoWMxQdISbixanQCRBiX7E > sync.jsonl', 'to a file'],
        ['export base --sync ID | grep \'"type":"grant"\' | head', 'a look at some grants'],
      ],
    })
    .addOption(syncsOption('the syncs').makeOptionMandatory())
    .action(
      registry.handle((context, store: string, flags: { sync: readonly string[] }) =>
        withReader(store, (reader) => exportSyncs(context, store, reader, flags.sync), {
          verifySpans: spansOf(flags.sync),
          signal: context.signal,
        }),
      ),
    );
}

async function exportSyncs(
  { io, progress, signal }: CommandContext,
  location: string,
  reader: ByteReader,
  syncIds: readonly string[],
): Promise<undefined> {
  for (const syncId of syncIds) {
    const spans = EXPORT_ORDER.map((bucket) => bucketSpan(bucket, syncId));
    if (await hasKeys(reader, spans, signal)) continue;
    throw new CliError('SSTITCH_SYNC_NOT_FOUND', `${location} holds no records of sync ${syncId}`);
  }
  let count = 0;
  for (const syncId of syncIds) {
    for (const bucket of EXPORT_ORDER) {
      for await (const page of scanSpan(reader, bucketSpan(bucket, syncId), { signal })) {
        const lines = page.map(
          ([key, value]) => `${JSON.stringify(recordObject(bucket, key, value))}\n`,
        );
        count += page.length;
        progress.update(() => `exported: ${formatCount(count)} records`);
        await io.stdout.write(lines.join(''));
      }
    }
  }
  return undefined;
}
