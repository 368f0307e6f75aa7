// What an opened file of either format is to the reader process.
import type { ValueBucket } from '@sstitch/records';
import type { Cursor, RecordPage } from './record-pages.js';

/** The buckets that are read page by page. */
export type PagedBucket = Exclude<ValueBucket, 'sync_run'>;

/** Which records to read. */
export interface PageAsked {
  readonly bucket: PagedBucket;
  readonly syncId: string;
  /** What the page before ended with; undefined at the start. */
  readonly after: Cursor | undefined;
}

/** The syncs of a file. Calls block. */
export interface SyncContents {
  /** What the payload decodes to. */
  readonly decodedBytes: number;
  /** What wrote the payload: 'sqlite' for format 1, else as the manifest says. */
  readonly engine: string;
  /**
   * All runs, no two with one id, in one page.
   * @throws C1zError
   */
  syncRuns(): RecordPage;
  /**
   * The next records of a sync, as a store holds them: each has the sync's id.
   * @throws C1zError
   */
  page(asked: PageAsked): RecordPage;
  close(): void;
}

/** All runs are held at once, so they have limits of their own. */
export const MAX_SYNC_RUNS = 10_000;
export const MAX_SYNC_RUN_BYTES = 64 * 2 ** 20;

/** A page ends once its records come to this. */
export const MAX_PAGE_BYTES = 4 * 2 ** 20;
