// The interfaces between formats of syncs: a source yields batches, a sink accepts them.
import type { RecordBatch } from './record-batch.js';

/** Selects the part of a source to read. */
export interface BatchOptions {
  /**
   * Read only these syncs.
   * @defaultValue all syncs of the source
   */
  readonly syncIds?: readonly string[] | undefined;
  /** Aborts the reading: the iteration throws an error whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A source of syncs: a file of any format, or a store. */
export interface SyncSource extends AsyncDisposable {
  /**
   * Yields each record of the syncs once, including their runs and statistics.
   *
   * A source yields a sync's run before its other records if it knows it by then, and its statistics last;
   * consumers must not rely on an order.
   * @throws the source's own errors: a sync of `syncIds` that it does not hold, a damaged file
   */
  batches(options?: BatchOptions): AsyncIterable<RecordBatch>;
  /** Ends the reading and releases all resources. May be called twice. */
  close(): Promise<void>;
}

/** A sink of syncs: a file of any format, or a store. Added records are not visible before `finish`. */
export interface SyncSink<Result = void> extends AsyncDisposable {
  /**
   * Adds records. Fulfils when there is room for more.
   * @throws the sink's own errors: a record that it cannot hold, a full disk
   */
  add(batch: RecordBatch): Promise<void>;
  /** Makes everything added durable and visible at once. Must be called once, after the last `add`. */
  finish(): Promise<Result>;
  /** Releases all resources. Without an earlier `finish`, nothing that was added is left. May be called twice. */
  close(): Promise<void>;
}
