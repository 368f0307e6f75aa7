import { digestSync, type SyncDigest } from '@sstitch/records';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { withSyncs } from '../../operations/open-syncs.js';
import { aboutKeys } from '../../operations/sync-counts.js';
import { formatCount } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { syncIdsOf } from '../../stores/find-syncs.js';
import type { ByteReader } from '../../stores/open-store.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { digestCommand } from './command.js';

const SHORT_DIGEST = 16;

export const run: Run<typeof digestCommand> = (context, { store, sync, zone }) =>
  withSyncs(context, store, zone, async (reader) => {
    const { signal } = context;
    const syncIds = await syncIdsOf(reader, store, sync, signal);
    await reader.verifySpans(spansOf(syncIds), { signal });
    return resultOf(context, store, await digest(context, reader, syncIds));
  });

async function digest(
  { progress, signal }: CommandContext,
  reader: ByteReader,
  syncIds: readonly string[],
): Promise<readonly SyncDigest[]> {
  const total = await aboutKeys(syncIds.map((syncId) => ({ engine: reader, syncId })));
  const found: SyncDigest[] = [];
  let before = 0;
  for (const syncId of syncIds) {
    const digest = await digestSync(reader, syncId, {
      signal,
      onProgress: ({ keys }) =>
        progress.update({ doing: 'reading', done: before + keys, total, unit: 'keys' }),
    });
    before += digest.keys;
    found.push(digest);
  }
  return found;
}

function resultOf(
  context: CommandContext,
  store: string,
  digests: readonly SyncDigest[],
): CommandResult {
  const several = digests.length > 1;
  // The digest of nothing is not a result to print: a script would compare it.
  const held = digests.filter(({ keys }) => keys > 0);
  const missing = digests.filter(({ keys }) => keys === 0).map(({ syncId }) => syncId);
  return {
    document: several ? digests : digests[0],
    text: held
      .map((each) => (several ? `sync ${each.syncId}\n` : '') + digestText(context, each))
      .join('\n'),
    ...(missing.length > 0 && {
      exitCode: EXIT_CODES.noSuchSync,
      complaint: `${store} holds no sync ${missing.join(', ')}`,
    }),
  };
}

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
