// Chooses the id under which a sync is written.
import type { ReadableEngine } from '@sstitch/contract';
import { createSyncId, formatSyncId, isSyncId } from '@sstitch/keys';
import { CliError } from '../errors.js';
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
  return writtenSyncId(engine, location, reference, signal);
}

/**
 * Resolves a reference to an id that need not be in the store if it is whole.
 *
 * @param flag the option whose value the reference is, for messages
 * @throws CliError SSTITCH_SYNC_NOT_FOUND, SSTITCH_USAGE
 */
export async function writtenSyncId(
  engine: ReadableEngine,
  location: string,
  reference: string,
  signal: AbortSignal,
  flag = '--as',
): Promise<string> {
  if (isSyncId(reference)) return reference;
  try {
    const [syncId = reference] = await syncIdsOf(engine, location, [reference], signal);
    return syncId;
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'SSTITCH_SYNC_NOT_FOUND') throw error;
    throw new CliError(
      'SSTITCH_SYNC_NOT_FOUND',
      `${flag} ${JSON.stringify(reference)}: ${location} holds no such sync, and the id of a new one has 27 characters; \`sstitch syncs ${location}\` lists those of the store`,
      { cause: error, hasAdvice: true },
    );
  }
}
