// The progress of operations, and their common options.
import { type Bucket, RECORD_BUCKETS } from '@sstitch/keys';

/** The progress of an operation. */
export interface OperationProgress {
  /** Records read so far, from all syncs. */
  readonly records: number;
  /** Keys read so far: those of the records and, if the operation copies index entries, of these. */
  readonly keys: number;
}

/** Options of most operations. */
export interface OperationOptions {
  /** Aborts the operation. Before the commit, an abort leaves every engine unchanged. */
  readonly signal?: AbortSignal | undefined;
  /** Called from time to time. An error that it throws before the commit fails the operation. */
  readonly onProgress?: ((progress: OperationProgress) => void) | undefined;
}

/** Called with the number of entries in a page of a bucket. */
export type OnPage = (bucket: Bucket, entries: number) => void;

/** Counts the entries that an operation reads, for `onProgress`. Runs and statistics are not records. */
export function pageCounter({ onProgress }: OperationOptions): OnPage {
  let [records, keys] = [0, 0];
  return (bucket, entries) => {
    if (RECORD_BUCKETS.includes(bucket)) records += entries;
    keys += entries;
    onProgress?.({ records, keys });
  };
}
