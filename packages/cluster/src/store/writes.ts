// Batches: a small one is an edit of the log, a large one a run.
import { type ByteOperation, compareBytes } from '@sstitch/contract';
import { SHARED_GROUP_EDITS_BYTES } from '../log/record-format.js';
import { commitRun } from '../maintenance/commit-run.js';
import type { MaintenanceContext } from '../maintenance/flush.js';
import type { Committed, View } from '../protocol/log-client.js';
import type { RunEntry } from '../runs/block.js';
import { writeRun } from '../runs/run-writer.js';
import { checkEntrySize } from './entry-pages.js';

/** An operation as abstract-level passes it to an implementation: encoded. */
export interface EncodedOperation {
  readonly type: 'put' | 'del';
  readonly key: Uint8Array;
  readonly value?: Uint8Array | undefined;
}

/** What an operation adds to its key and value in a record, at most: its type and two lengths. */
const OPERATION_OVERHEAD_BYTES = 1 + 5 + 5;
/** What an edit adds to its operations. */
const EDIT_OVERHEAD_BYTES = 16;
const PAGE_ENTRIES = 1000;

/** A copied batch: the last operation on each key, in key order. */
export type CopiedBatch = readonly RunEntry[];

/** Copies a batch. @throws ClusterError SSTITCH_TOO_LARGE */
export function copyOfBatch(operations: readonly EncodedOperation[]): CopiedBatch {
  const entries = operations.map(({ type, key, value }): RunEntry => {
    const isPut = type === 'put' && value !== undefined;
    checkEntrySize(key, isPut ? value : undefined);
    return {
      key: new Uint8Array(key),
      value: isPut ? new Uint8Array(value) : undefined,
      sequence: 0,
    };
  });
  if (entries.length < 2) return entries;
  // The sort is stable.
  entries.sort((a, b) => compareBytes(a.key, b.key));
  return entries.filter((entry, index) => {
    const next = entries[index + 1];
    return next === undefined || compareBytes(entry.key, next.key) !== 0;
  });
}

/**
 * Commits a batch.
 *
 * @param condition the view on which it depends
 * @returns undefined for an empty batch
 * @throws ClusterError as `LogClient.commit`, `View.commit` and `writeRun`
 */
export async function commitBatch(
  context: MaintenanceContext,
  batch: CopiedBatch,
  condition?: View,
): Promise<Committed | undefined> {
  if (batch.length === 0) return undefined;
  const committer = condition ?? context.client;
  if (recordBytes(batch) <= SHARED_GROUP_EDITS_BYTES) {
    const operations = batch.map(
      ({ key, value }): ByteOperation =>
        value === undefined ? { type: 'del', key } : { type: 'put', key, value },
    );
    return committer.commit([{ type: 'write', operations }]);
  }
  const written = await writeRun(pagesOf(batch), context);
  if (written === undefined) return undefined;
  return commitRun(committer, written, [{ type: 'run', run: written.run }]);
}

function recordBytes(entries: readonly RunEntry[]): number {
  return entries.reduce(
    (sum, { key, value }) => sum + key.length + (value?.length ?? 0) + OPERATION_OVERHEAD_BYTES,
    EDIT_OVERHEAD_BYTES,
  );
}

function* pagesOf(entries: readonly RunEntry[]): Generator<RunEntry[], void, undefined> {
  for (let from = 0; from < entries.length; from += PAGE_ENTRIES) {
    yield entries.slice(from, from + PAGE_ENTRIES);
  }
}
