// Reads the syncs in the SQLite database of a format 1 file as records. Runs in the reader process, so it may block.
import { countedType, decodeRecord, encodeRecord, type SyncRecord } from '@sstitch/records';
import { C1zError } from '../errors.js';
import { type RecordPage, RecordPageBuilder } from '../record-pages.js';
import {
  MAX_PAGE_BYTES,
  MAX_SYNC_RUN_BYTES,
  type PageAsked,
  type PagedBucket,
  type SyncContents,
} from '../sync-contents.js';
import { KeptRecordCursor } from './kept-record-cursor.js';
import { TABLE_OF_BUCKET, TRANSLATIONS, withKeptRecord } from './kept-records.js';
import type { SyncDatabase } from './sync-database.js';
import type { RecordTableName, RowBatch, RowId } from './sync-tables.js';
import { NamesNeeded } from './translate.js';
import type { Zone } from './zones.js';

type RecordBucket = Exclude<PagedBucket, 'sync_stats'>;
type ToRecord = (syncId: string, row: never, zone: Zone) => SyncRecord;

export class RowContents implements SyncContents {
  readonly decodedBytes: number;
  readonly engine = 'sqlite';
  readonly #database: SyncDatabase;
  /** The path of the .c1z file, for messages. */
  readonly #path: string;
  readonly #zone: Zone;
  /** Tables in which a message omits what the columns say. */
  readonly #needNames = new Set<RecordTableName>();
  /** The row ids of the runs, by sync. */
  readonly #runRows = new Map<string, RowId>();
  /** Cursors over kept records by bucket. Each holds a record; one for each sync would hold as many. */
  readonly #kept = new Map<RecordBucket, KeptRecordCursor>();

  /** @param zone the zone of times without one */
  constructor(database: SyncDatabase, path: string, decodedBytes: number, zone: Zone) {
    this.decodedBytes = decodedBytes;
    this.#database = database;
    this.#path = path;
    this.#zone = zone;
  }

  syncRuns(): RecordPage {
    const page = new RecordPageBuilder();
    const kept = new KeptRecordCursor(this.#database, 'sync_run');
    for (const { row, rowId } of this.#database.syncRuns()) {
      const run = this.#located('v1_sync_runs', () =>
        TRANSLATIONS.sync_run.toRecord(row.sync_id, row, this.#zone),
      );
      const { syncId } = run;
      if (this.#runRows.has(syncId)) {
        throw new C1zError('SSTITCH_C1Z_CORRUPT', 'v1_sync_runs: two rows have the same sync_id', {
          path: this.#path,
        });
      }
      this.#runRows.set(syncId, rowId);
      const whole = kept.find(rowId);
      const read = encodeRecord(run);
      page.add(whole === undefined ? read : withKeptRecord('sync_run', syncId, read, whole));
      if (page.lengthBytes > MAX_SYNC_RUN_BYTES) {
        throw new C1zError(
          'SSTITCH_C1Z_TOO_LARGE',
          `the sync runs have more than ${MAX_SYNC_RUN_BYTES} bytes`,
          { path: this.#path },
        );
      }
    }
    return page.page(undefined);
  }

  page({ bucket, syncId, after }: PageAsked): RecordPage {
    if (bucket === 'sync_stats') return this.#statistics(syncId);
    const table = TABLE_OF_BUCKET[bucket];
    // Nearly all rows are grants, and the messages of nearly all grants repeat everything in the columns, so
    // the columns are left out, which saves a third of the time. The other tables are small.
    const withNames = table !== 'v1_grants' || this.#needNames.has(table);
    const asked = { table, syncId, afterRowId: after as RowId | undefined };
    const batch = this.#database.batch({ ...asked, withNames });
    try {
      return this.#translated(syncId, bucket, batch);
    } catch (error) {
      if (!(error instanceof NamesNeeded)) throw error;
      // Reads the page again with the names; later pages most likely need them too.
      this.#needNames.add(table);
      return this.#translated(syncId, bucket, this.#database.batch({ ...asked, withNames: true }));
    }
  }

  count(syncId: string): number {
    return Object.values(TABLE_OF_BUCKET).reduce(
      (sum, table) => sum + this.#database.count(table, syncId),
      0,
    );
  }

  close(): void {
    this.#database.close();
  }

  #translated(syncId: string, bucket: RecordBucket, batch: RowBatch): RecordPage {
    const { rows, rowIds, isLast } = batch;
    const table = TABLE_OF_BUCKET[bucket];
    const toRecord = TRANSLATIONS[bucket].toRecord as ToRecord;
    const kept = this.#keptCursor(bucket);
    const page = new RecordPageBuilder();
    for (const [index, row] of rows.entries()) {
      const rowId = rowIds[index] as RowId;
      const [record, read] = this.#located(`${table}, row ${rowId}`, () => {
        // SyncDatabase has checked each value against the table's columns.
        const record = toRecord(syncId, row as never, this.#zone);
        return [record, encodeRecord(record)];
      });
      const whole = kept.find(rowId);
      page.add(whole === undefined ? read : withKeptRecord(bucket, syncId, read, whole));
      // A kept record has the same row as the record that was read, and so the same type.
      page.countAs(countedType(record));
      // The size of the rows, by which a batch ends, does not include kept records.
      if (page.lengthBytes >= MAX_PAGE_BYTES && index + 1 < rows.length) return page.page(rowId);
    }
    return page.page(isLast ? undefined : rowIds.at(-1));
  }

  /** Statistics have no row of their own: the page holds the kept ones, if there are any. */
  #statistics(syncId: string): RecordPage {
    const page = new RecordPageBuilder();
    const run = this.#runRows.get(syncId);
    const cursor = new KeptRecordCursor(this.#database, 'sync_stats');
    const kept = run === undefined ? undefined : cursor.find(run);
    if (kept !== undefined && isOfSync(kept, syncId)) page.add(kept);
    return page.page(undefined);
  }

  #keptCursor(bucket: RecordBucket): KeptRecordCursor {
    const cursor = this.#kept.get(bucket) ?? new KeptRecordCursor(this.#database, bucket);
    this.#kept.set(bucket, cursor);
    return cursor;
  }

  /** Adds the place to errors of the translation, which does not know it. */
  #located<T>(place: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof C1zError)) throw error;
      const { code, problem, cause } = error;
      throw new C1zError(code, `${place}: ${problem}`, { path: this.#path, cause });
    }
  }
}

function isOfSync(stats: Uint8Array, syncId: string): boolean {
  try {
    return decodeRecord('sync_stats', new Uint8Array(0), stats).syncId === syncId;
  } catch {
    return false;
  }
}
