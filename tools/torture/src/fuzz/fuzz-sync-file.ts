// Fuzzes .c1z files with raw blocks, so that most changes reach the database inside.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { C1zError, openC1z } from '@sstitch/c1z';
import { below, mutateBytes, type Random } from './fuzz-inputs.js';

/** The time within which the reader of a damaged database must answer. */
const STALL_TIMEOUT_MS = 600_000;

export async function fuzzSyncFile(
  random: Random,
  source: Uint8Array,
  directory: string,
): Promise<boolean> {
  const path = join(directory, 'fuzzed.c1z');
  // Half of the changes are in the first page, which holds the database header.
  const head = below(random, 2) === 0 ? Math.min(source.length, 4096) : source.length;
  const bytes = Buffer.concat([
    mutateBytes(random, source.subarray(0, head), below(random, 4) > 0),
    source.subarray(head),
  ]);
  writeFileSync(path, bytes);
  try {
    await using file = await openC1z(path, {
      temporaryDirectory: directory,
      stallTimeoutMs: STALL_TIMEOUT_MS,
    });
    for (const { syncId } of file.syncs()) {
      for await (const batch of file.resources(syncId)) void batch;
      for await (const batch of file.grants(syncId)) void batch;
    }
    return true;
  } catch (error) {
    if (!(error instanceof C1zError)) throw error;
    // A crash of the reader process is contained, but still a fault of the reader.
    if (error.code === 'SSTITCH_C1Z_STALLED') throw error;
    return false;
  }
}
