import { byteEncodings } from '@sstitch/contract';
import { bucketLayout, buildKey, parseSyncId } from '@sstitch/keys';
import type { Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { CliError, usageError } from '../../errors.js';
import { withSyncs } from '../../operations/open-syncs.js';
import { formatCountOf } from '../../output/quantities.js';
import { describeEntry } from '../../records/describe-entry.js';
import { syncIdsOf } from '../../stores/find-syncs.js';
import type { ByteReader } from '../../stores/open-store.js';
import { jsonText } from '../../terminal/escape.js';
import type { getCommand } from './command.js';

type Input = InputOf<typeof getCommand>;

export const run: Run<typeof getCommand> = async (context, input) => {
  const { signal } = context;
  const keyIn = keyFinder(input);
  return withSyncs(context, input.store, input.zone, async (reader) => {
    const key = await keyIn(reader, signal);
    const value = await reader.get(key, byteEncodings);
    if (value === undefined) {
      throw new CliError('SSTITCH_KEY_NOT_FOUND', `${input.store} holds no such record`);
    }
    const entry = describeEntry(key, value, input.raw);
    return { document: entry, text: `${jsonText(entry.record ?? entry, 2)}\n` };
  });
};

/**
 * Checks the input and returns a function that finds the key; it reads the store if the sync is not named by
 * its id.
 */
function keyFinder({
  store,
  ids,
  sync,
  bucket,
  key,
}: Input): (reader: ByteReader, signal: AbortSignal) => Promise<Uint8Array> {
  if (key !== undefined) {
    if (sync !== undefined || bucket !== undefined || ids.length > 0) {
      throw usageError(
        '--key cannot be combined with --sync, --bucket or ids: a key contains all three',
      );
    }
    return async () => key;
  }
  if (sync === undefined || bucket === undefined) {
    throw usageError('use --sync and --bucket, or --key');
  }
  const { elements } = bucketLayout(bucket);
  if (ids.length !== elements.length) {
    const wanted = elements.length === 0 ? 'no ids' : elements.map((name) => `<${name}>`).join(' ');
    throw usageError(
      `a ${bucket} is named by ${wanted}, not by ${formatCountOf(ids.length, 'id')}`,
    );
  }
  return async (reader, signal) => {
    const [syncId = ''] = await syncIdsOf(reader, store, [sync], signal);
    return buildKey(bucket, parseSyncId(syncId), [...ids]);
  };
}
