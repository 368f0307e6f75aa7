// The interface between the writer process and a file of either format.
import type { ValueBucket } from '@sstitch/records';

/** The totals of a written file. */
export interface WrittenC1z {
  /** How many syncs were written. */
  readonly syncs: number;
  /** How many records were written, without runs and statistics. */
  readonly records: number;
  /** The size of the file. */
  readonly sizeBytes: number;
}

/** Writes records added in any order. All calls block. */
export interface SyncWriter {
  /**
   * Adds records in their stored form.
   * @throws C1zError SSTITCH_C1Z_NOT_REPRESENTABLE for records that the format cannot hold
   */
  add(syncId: string, bucket: ValueBucket, values: readonly Uint8Array[]): void;
  /**
   * Writes the file and forces it to stable storage.
   * @throws C1zError
   */
  finish(): Promise<WrittenC1z>;
}
