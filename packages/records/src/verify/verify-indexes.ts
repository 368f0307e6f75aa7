// Verifies the index entries of one sync of an engine against its records, in both directions, in one pass.
import type { EngineSnapshot, ReadableEngine } from '@sstitch/contract';
import { bucketSpan, INDEX_BUCKETS } from '@sstitch/keys';
import { scanPages, withSnapshot } from '../read/scan.js';
import { VALUE_BUCKETS } from '../record-types.js';
import type { IndexProblem } from './index-problem.js';
import { SyncVerifier } from './sync-verifier.js';

/** The progress of verifying a sync. */
export interface VerifyIndexesProgress {
  /** Keys read so far, each key of the sync once. The search for the faults of an index does not count. */
  readonly keys: number;
}

/** Options of {@link verifyIndexes}. */
export interface VerifyOptions {
  /** Verify this state of the engine. @defaultValue the state at the first read */
  readonly snapshot?: EngineSnapshot;
  /** Ends the verification with SSTITCH_ABORTED. */
  readonly signal?: AbortSignal;
  /** Called from time to time. An error that it throws ends the verification. */
  readonly onProgress?: ((progress: VerifyIndexesProgress) => void) | undefined;
}

/**
 * Yields every problem of a sync's entries. If there is none, the sync's indexes match its records, and so do its
 * statistics if it has ended. An index is compared by the number of its entries and the sum of their hashes, which a
 * difference escapes with a chance of about 2^-64.
 *
 * @throws {@link RecordsError} SSTITCH_ABORTED; KeysError on a text that is not a sync id.
 */
export function verifyIndexes(
  engine: ReadableEngine,
  syncId: string,
  options: VerifyOptions = {},
): AsyncGenerator<IndexProblem, void, undefined> {
  const verifier = new SyncVerifier(syncId);
  const { signal, onProgress } = options;
  return withSnapshot(engine, options.snapshot, async function* (snapshot) {
    let keys = 0;
    for (const bucket of [...VALUE_BUCKETS, ...INDEX_BUCKETS]) {
      const span = bucketSpan(bucket, syncId);
      for await (const page of scanPages(engine, span, { snapshot, signal })) {
        for (const [key, value] of page) {
          const problem = verifier.verify(bucket, key, value);
          if (problem !== undefined) yield problem;
        }
        keys += page.length;
        onProgress?.({ keys });
      }
    }
    yield* verifier.faults(engine, { snapshot, ...(signal && { signal }) });
  });
}
