import { syncDigest } from '@sstitch/testkit';
import { syncIdArgument } from '../arguments.js';
import type { CommandRegistry } from '../command-context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { withReader } from '../open-store.js';
import { formatCount } from '../output/quantities.js';
import { formatTable } from '../output/table.js';
import { spansOf } from '../scan-span.js';

const SHORT_DIGEST = 16;

export function addDigestCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'digest <store>',
      summary: 'SHA-256 of everything a sync holds',
      description:
        'Computes a SHA-256 over every entry of a sync: bucket by bucket, each entry as key length, ' +
        'key, value length, value. Two syncs with the same digest hold the same bytes. Exits with 3 ' +
        'if the store holds nothing of the sync.',
      examples: [
        ['digest base --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'each bucket and the whole'],
        ['digest base --sync ID --json', 'for a comparison by a program'],
      ],
    })
    .requiredOption('--sync <id>', 'the sync', syncIdArgument)
    .action(
      registry.handle(
        async ({ progress, signal, style }, store: string, flags: { sync: string }) => {
          progress.update(() => 'reading');
          const digest = await withReader(
            store,
            (reader) => syncDigest(reader, flags.sync, { signal }),
            { verifySpans: spansOf(flags.sync), signal },
          );
          const table = formatTable(
            [{ title: 'BUCKET' }, { title: 'KEYS', align: 'right' }, { title: 'SHA-256' }],
            digest.buckets.map(({ bucket, keys, digest: sum }) => [
              bucket,
              formatCount(keys),
              keys === 0 ? '-' : `${sum.slice(0, SHORT_DIGEST)}…`,
            ]),
            style.bold,
          );
          const text = `${table}${formatCount(digest.keys)} keys\nsha256 ${digest.digest}\n`;
          if (digest.keys > 0) return { document: digest, text };
          return {
            document: digest,
            text,
            exitCode: EXIT_CODES.noSuchSync,
            complaint: `${store} holds no sync ${flags.sync}`,
          };
        },
      ),
    );
}
