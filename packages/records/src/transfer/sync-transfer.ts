// What every format of syncs is on either side of: a source is read in batches, a sink takes them.
import type { RecordBatch } from './record-batch.js';

/** Which part of a source to read. */
export interface BatchOptions {
  /**
   * These syncs alone.
   * @defaultValue all that the source holds
   */
  readonly syncIds?: readonly string[] | undefined;
  /** Ends the reading: the iteration throws an error that has the signal's reason as its cause. */
  readonly signal?: AbortSignal | undefined;
}

/** Syncs that can be read: a file of any format, or a store. */
export interface SyncSource extends AsyncDisposable {
  /**
   * The records of the syncs, once each: their runs and their statistics among them.
   *
   * A source gives a sync's run before its other records where it knows it by then, and its statistics last; a
   * consumer relies on no order.
   * @throws an error of the source's own: a sync of `syncIds` that it does not hold, a file that is damaged
   */
  batches(options?: BatchOptions): AsyncIterable<RecordBatch>;
  /** Ends the reading and gives back what it takes. May be called twice. */
  close(): Promise<void>;
}

/** Takes syncs: a file of any format, or a store. What it takes is seen by nobody before `finish`. */
export interface SyncSink<Result = void> extends AsyncDisposable {
  /**
   * Takes records. Settles once there is room for more.
   * @throws an error of the sink's own: a record that it cannot hold, a disk that is full
   */
  add(batch: RecordBatch): Promise<void>;
  /** Makes what was added durable and visible, all of it at once. To be called once, after the last `add`. */
  finish(): Promise<Result>;
  /** Gives back what the sink takes. Without `finish` before, nothing is left of what was added. May be called twice. */
  close(): Promise<void>;
}
