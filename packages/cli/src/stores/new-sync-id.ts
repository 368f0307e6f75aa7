// Chooses the id of a new sync.
import type { ReadableEngine } from '@sstitch/contract';
import { createSyncId, formatSyncId, isSyncId } from '@sstitch/keys';
import { syncIdsOf } from './find-syncs.js';

const PAYLOAD_BYTES = 16;

/**
 * Resolves a reference: a whole id as it is, or that of a sync in the store. Without a reference, creates a new id.
 *
 * @throws CliError SSTITCH_SYNC_NOT_FOUND, SSTITCH_USAGE
 */
export async function newSyncId(
  engine: ReadableEngine,
  location: string,
  reference: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (reference === undefined) {
    const payload = crypto.getRandomValues(new Uint8Array(PAYLOAD_BYTES));
    return formatSyncId(createSyncId(new Date(), payload));
  }
  if (isSyncId(reference)) return reference;
  const [syncId = reference] = await syncIdsOf(engine, location, [reference], signal);
  return syncId;
}
