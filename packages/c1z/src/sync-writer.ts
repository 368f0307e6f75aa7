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

/** The progress of writing a file, after all records were added. */
export interface C1zWriteProgress {
  /** What is counted: format 3 writes entries; format 1 makes the indexes of its database, then writes its bytes. */
  readonly unit: 'entries' | 'indexes' | 'bytes';
  /** How many are done. */
  readonly done: number;
  /** How many there are. */
  readonly total: number;
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
   * @param onProgress called from time to time
   * @throws C1zError
   */
  finish(onProgress: (progress: C1zWriteProgress) => void): Promise<WrittenC1z>;
}
