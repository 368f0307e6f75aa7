import { digestSync, type SyncDigest } from '@sstitch/records';
import type { CommandContext, Run } from '../../command-line/command-context.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { formatCount } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { syncIdsIn } from '../../stores/find-syncs.js';
import { withReader } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { digestCommand } from './command.js';

const SHORT_DIGEST = 16;

export const run: Run<typeof digestCommand> = async (context, { store, sync }) => {
  const { progress, signal } = context;
  const syncIds = await syncIdsIn([store], sync, signal);
  const digests = await withReader(
    store,
    async (reader) => {
      const found: SyncDigest[] = [];
      for (const syncId of syncIds) {
        const done = found.length;
        progress.update({ doing: 'reading', done, total: syncIds.length, unit: 'syncs' });
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
};

function digestText(
  { columns, quiet, style }: CommandContext,
  { buckets, keys: total, digest }: SyncDigest,
): string {
  if (quiet) return `${digest}\n`;
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
