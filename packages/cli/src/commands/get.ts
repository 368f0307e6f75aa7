import { byteEncodings } from '@sstitch/contract';
import { BUCKETS, type Bucket, bucketLayout, buildKey, parseSyncId } from '@sstitch/keys';
import { Option } from 'commander';
import { hexArgument, syncIdArgument } from '../arguments.js';
import type { CommandContext, CommandRegistry, CommandResult } from '../command-context.js';
import { describeEntry } from '../describe-entry.js';
import { CliError, usageError } from '../errors.js';
import { type ByteReader, withReader } from '../open-store.js';

interface GetFlags {
  readonly sync?: string;
  readonly bucket?: Bucket;
  readonly key?: string;
  readonly raw?: boolean;
}

export function addGetCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'get <store> [ids...]',
      summary: 'show one record',
      description:
        'Shows one record, by the ids in its key (a resource has two: its type and its own) or by its ' +
        'whole key in hex. Exits with 1 if there is none.',
      examples: [
        ['get base --sync ID --bucket grant group:staff:member:user:ann', 'a grant'],
        ['get base --sync ID --bucket resource user ann', 'a resource'],
        ['get base --sync ID --bucket sync_run', 'when the sync ran'],
        ['get base --key 0306…', 'whatever lies under a key'],
      ],
    })
    .option('--sync <id>', 'the sync', syncIdArgument)
    .addOption(
      new Option('--bucket <bucket>', 'the bucket').choices(BUCKETS.map(({ bucket }) => bucket)),
    )
    .option('--key <hex>', 'the whole key, instead of sync, bucket and ids')
    .option('--raw', 'show the value as hex')
    .action(
      registry.handle((context, store: string, ids: readonly string[], flags: GetFlags) => {
        const key = keyOf(ids, flags);
        return withReader(store, (reader) => getEntry(context, reader, key, flags.raw === true));
      }),
    );
}

async function getEntry(
  _context: CommandContext,
  reader: ByteReader,
  key: Uint8Array,
  raw: boolean,
): Promise<CommandResult> {
  const value = await reader.get(key, byteEncodings);
  if (value === undefined) throw new CliError('SSTITCH_KEY_NOT_FOUND', 'there is no such record');
  const entry = describeEntry(key, value, raw);
  return { document: entry, text: `${JSON.stringify(entry.record ?? entry, null, 2)}\n` };
}

function keyOf(ids: readonly string[], { sync, bucket, key }: GetFlags): Uint8Array {
  if (key !== undefined) {
    if (sync !== undefined || bucket !== undefined || ids.length > 0) {
      throw usageError('--key stands alone: it is sync, bucket and ids in one');
    }
    return hexArgument(key);
  }
  if (sync === undefined || bucket === undefined) {
    throw usageError('give --sync and --bucket, or --key');
  }
  const { elements } = bucketLayout(bucket);
  if (ids.length !== elements.length) {
    const wanted = elements.length === 0 ? 'no ids' : elements.map((name) => `<${name}>`).join(' ');
    throw usageError(`a ${bucket} is named by ${wanted}, not by ${ids.length} ids`);
  }
  return buildKey(bucket, parseSyncId(sync), [...ids]);
}
