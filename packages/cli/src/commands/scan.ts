import { compareBytes, type Span } from '@sstitch/contract';
import {
  BUCKETS,
  type Bucket,
  bucketLayout,
  bucketSpan,
  prefixSpan,
  syncSpansInKeyOrder,
} from '@sstitch/keys';
import { Option } from 'commander';
import { syncsOption, wholeNumberArgument } from '../arguments.js';
import type { CommandContext, CommandRegistry, CommandResult } from '../command-context.js';
import { describeEntry, type EntryObject, entryLine } from '../describe-entry.js';
import { type ByteReader, withReader } from '../open-store.js';
import { scanSpan } from '../scan-span.js';

interface ScanFlags {
  readonly sync?: readonly string[];
  readonly bucket?: Bucket;
  readonly limit: number;
  readonly raw?: boolean;
}

const DEFAULT_LIMIT = 20;

export function addScanCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'scan <store>',
      summary: 'show entries in key order',
      description:
        'Shows entries in key order, one a line, keys taken apart and values decoded: of the whole ' +
        'store, of some syncs, of a bucket, or of both.',
      examples: [
        ['scan base', 'the first entries of the store'],
        ['scan base --sync ID --bucket grant_by_principal --limit 100', 'an index'],
        ['scan base --bucket sync_run --json', 'all runs, for a program'],
      ],
    })
    .addOption(syncsOption('these syncs alone'))
    .addOption(
      new Option('--bucket <bucket>', 'this bucket alone').choices(
        BUCKETS.map(({ bucket }) => bucket),
      ),
    )
    .option('--limit <n>', 'entries at most', wholeNumberArgument(1), DEFAULT_LIMIT)
    .option('--raw', 'show values as hex')
    .action(
      registry.handle((context, store: string, flags: ScanFlags) =>
        withReader(store, (reader) => scanEntries(context, reader, flags)),
      ),
    );
}

async function scanEntries(
  { signal }: CommandContext,
  reader: ByteReader,
  flags: ScanFlags,
): Promise<CommandResult> {
  const entries: EntryObject[] = [];
  for (const span of spansToScan(flags)) {
    const limit = flags.limit - entries.length;
    if (limit === 0) break;
    for await (const page of scanSpan(reader, span, { signal, limit })) {
      for (const [key, value] of page) {
        entries.push(describeEntry(key, value, flags.raw === true));
      }
    }
  }
  return { document: entries, text: entries.map((entry) => `${entryLine(entry)}\n`).join('') };
}

function spansToScan({ sync, bucket }: ScanFlags): readonly Span[] {
  if (sync !== undefined) {
    const spans = sync.flatMap((syncId) =>
      bucket === undefined
        ? syncSpansInKeyOrder(syncId).map(({ span }) => span)
        : [bucketSpan(bucket, syncId)],
    );
    return spans.sort((a, b) => compareBytes(a.start, b.start));
  }
  if (bucket !== undefined) return [prefixSpan(bucketLayout(bucket).prefix)];
  return [{ start: new Uint8Array(0), end: undefined }];
}
