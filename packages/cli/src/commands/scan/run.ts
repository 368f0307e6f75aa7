import { compareBytes, type Span } from '@sstitch/contract';
import {
  bucketLayout,
  bucketSpan,
  buildKeyPrefix,
  encodeTuple,
  parseSyncId,
  prefixSpan,
} from '@sstitch/keys';
import type { Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { usageError } from '../../errors.js';
import { withSyncs } from '../../operations/open-syncs.js';
import { describeEntry, type EntryObject, entryLine } from '../../records/describe-entry.js';
import { requireSyncs, syncIdsOf } from '../../stores/find-syncs.js';
import type { ByteReader } from '../../stores/open-store.js';
import { scanSpan } from '../../stores/scan-span.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { scanCommand } from './command.js';

type Input = InputOf<typeof scanCommand>;

export const run: Run<typeof scanCommand> = async (context, input) => {
  const { signal } = context;
  checkInput(input);
  return withSyncs(context, input.store, input.zone, async (reader) => {
    const entries = await readEntries(reader, input, signal);
    return { document: entries, text: entries.map((entry) => `${entryLine(entry)}\n`).join('') };
  });
};

function checkInput({ sync, bucket, prefix, keyPrefix }: Input): void {
  if (keyPrefix !== undefined && (sync ?? bucket ?? prefix) !== undefined) {
    throw usageError(
      '--key-prefix cannot be combined with --sync, --bucket or --prefix: it contains all three',
    );
  }
  if (prefix !== undefined && (sync === undefined || bucket === undefined)) {
    throw usageError('--prefix needs --sync and --bucket; for other keys use --key-prefix');
  }
  if (prefix !== undefined && bucket !== undefined && bucketLayout(bucket).elements.length === 0) {
    throw usageError(`a ${bucket} has no ids: leave --prefix out`);
  }
}

async function readEntries(
  reader: ByteReader,
  input: Input,
  signal: AbortSignal,
): Promise<readonly EntryObject[]> {
  const entries: EntryObject[] = [];
  const syncIds = input.sync && (await syncIdsOf(reader, input.store, input.sync, signal));
  await requireSyncs(reader, input.store, syncIds ?? [], signal);
  for (const span of spansToScan(input, syncIds)) {
    const limit = input.limit - entries.length;
    if (limit === 0) break;
    for await (const page of scanSpan(reader, span, { signal, limit })) {
      for (const [key, value] of page) entries.push(describeEntry(key, value, input.raw));
    }
  }
  return entries;
}

function spansToScan(
  { bucket, prefix, keyPrefix }: Input,
  syncIds: readonly string[] | undefined,
): readonly Span[] {
  if (keyPrefix !== undefined) return [prefixSpan(keyPrefix)];
  if (syncIds !== undefined && bucket !== undefined) {
    const spans = syncIds.map((syncId) => {
      if (prefix === undefined) return bucketSpan(bucket, syncId);
      // Appends a separator and the text without a separator after it, which also matches longer elements.
      const head = buildKeyPrefix(bucket, parseSyncId(syncId), []);
      return prefixSpan(Uint8Array.of(...head, ...encodeTuple([prefix])));
    });
    return spans.sort((a, b) => compareBytes(a.start, b.start));
  }
  if (syncIds !== undefined) return spansOf(syncIds);
  if (bucket !== undefined) return [prefixSpan(bucketLayout(bucket).prefix)];
  return [{ start: new Uint8Array(0), end: undefined }];
}
