// What a file of either format that is being written is to the writer process.
import type { ValueBucket } from '@sstitch/records';

/** What was written. */
export interface WrittenC1z {
  /** How many syncs. */
  readonly syncs: number;
  /** How many records, runs and statistics not among them. */
  readonly records: number;
  /** The size of the file. */
  readonly sizeBytes: number;
}

/** Takes records in any order. Calls block. */
export interface SyncWriter {
  /**
   * Adds records as a store holds them.
   * @throws C1zError SSTITCH_C1Z_NOT_REPRESENTABLE for what the format cannot hold
   */
  add(syncId: string, bucket: ValueBucket, values: readonly Uint8Array[]): void;
  /**
   * Writes the file and returns once it is on stable storage.
   * @throws C1zError
   */
  finish(): Promise<WrittenC1z>;
}
