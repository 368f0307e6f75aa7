// The id of a sync that is to be made.
import type { ReadableEngine } from '@sstitch/contract';
import { createSyncId, formatSyncId, isSyncId } from '@sstitch/keys';
import { syncIdsOf } from './find-syncs.js';

const PAYLOAD_BYTES = 16;

/**
 * The id that a reference names: a whole id as it is, or one of a sync that the store holds; a fresh one without a
 * reference.
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
