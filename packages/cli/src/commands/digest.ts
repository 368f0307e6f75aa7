import { digestSync, type SyncDigest } from '@sstitch/records';
import { syncsOption } from '../arguments.js';
import type { CommandContext, CommandRegistry, CommandResult } from '../command-context.js';
import { spansOf } from '../compaction-report.js';
import { EXIT_CODES } from '../exit-codes.js';
import { withReader } from '../open-store.js';
import { formatCount } from '../output/quantities.js';
import { formatTable } from '../output/table.js';

const SHORT_DIGEST = 16;

export function addDigestCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'digest <store>',
      summary: 'SHA-256 of everything a sync holds',
      description:
        'Computes a SHA-256 over every entry of a sync: bucket by bucket, each entry as key length, ' +
        'key, value length, value. Two syncs with the same digest hold the same bytes. Exits with 3 ' +
        'if the store holds nothing of a sync. With --json one sync gives an object, several an ' +
        'array of them, in the order given.',
      examples: [
        ['digest base --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'each bucket and the whole'],
        ['digest base --sync ID --json', 'for a comparison by a program'],
      ],
    })
    .addOption(syncsOption('the syncs').makeOptionMandatory())
    .action(
      registry.handle((context, store: string, flags: { sync: readonly string[] }) =>
        digestSyncs(context, store, flags.sync),
      ),
    );
}

async function digestSyncs(
  context: CommandContext,
  store: string,
  syncIds: readonly string[],
): Promise<CommandResult> {
  const { progress, signal } = context;
  const digests = await withReader(
    store,
    async (reader) => {
      const found: SyncDigest[] = [];
      for (const syncId of syncIds) {
        progress.update(() => `reading ${syncId}`);
        found.push(await digestSync(reader, syncId, { signal }));
      }
      return found;
    },
    { verifySpans: spansOf(syncIds), signal },
  );
  const several = digests.length > 1;
  const result = {
    document: several ? digests : digests[0],
    text: digests
      .map((digest) => (several ? `sync ${digest.syncId}\n` : '') + digestText(context, digest))
      .join('\n'),
  };
  const missing = digests.filter(({ keys }) => keys === 0).map(({ syncId }) => syncId);
  if (missing.length === 0) return result;
  const complaint = `${store} holds no sync ${missing.join(', ')}`;
  return { ...result, exitCode: EXIT_CODES.noSuchSync, complaint };
}

function digestText(
  { columns, style }: CommandContext,
  { buckets, keys: total, digest }: SyncDigest,
): string {
  const table = formatTable(
    [{ title: 'BUCKET' }, { title: 'KEYS', align: 'right' }, { title: 'SHA-256' }],
    buckets.map(({ bucket, keys, digest: sum }) => [
      bucket,
      formatCount(keys),
      keys === 0 ? '-' : `${sum.slice(0, SHORT_DIGEST)}…`,
    ]),
    style.bold,
    columns,
  );
  return `${table}${formatCount(total)} keys\nsha256 ${digest}\n`;
}
