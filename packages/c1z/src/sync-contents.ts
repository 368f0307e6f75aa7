// The interface between the reader process and an open file of either format.
import type { ValueBucket } from '@sstitch/records';
import type { Cursor, RecordPage } from './record-pages.js';

/** A bucket that is read page by page. */
export type PagedBucket = Exclude<ValueBucket, 'sync_run'>;

/** Which records to read. */
export interface PageAsked {
  readonly bucket: PagedBucket;
  readonly syncId: string;
  /** The cursor of the previous page; undefined at the start. */
  readonly after: Cursor | undefined;
}

/** The syncs of a file. All calls block. */
export interface SyncContents {
  /** The size of the decoded payload. */
  readonly decodedBytes: number;
  /** The engine of the payload: 'sqlite' for format 1, else the one in the manifest. */
  readonly engine: string;
  /**
   * Returns all runs, with distinct ids, in one page.
   * @throws C1zError
   */
  syncRuns(): RecordPage;
  /**
   * Returns the next records of a sync in their stored form, with the sync's id.
   * @throws C1zError
   */
  page(asked: PageAsked): RecordPage;
  /**
   * Counts the records of a sync; undefined if that would take as long as reading them.
   * @throws C1zError
   */
  count(syncId: string): number | undefined;
  close(): void;
}

/** The most runs in a file. All runs are in memory at once, so they have their own limits. */
export const MAX_SYNC_RUNS = 10_000;
export const MAX_SYNC_RUN_BYTES = 64 * 2 ** 20;

/** The size of records at which a page ends. */
export const MAX_PAGE_BYTES = 4 * 2 ** 20;
