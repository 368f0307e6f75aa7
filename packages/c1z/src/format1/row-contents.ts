// The syncs in the SQLite database of a format 1 file, as records. Runs in the reader process, so it may block.
import { encodeRecord, type SyncRecord } from '@sstitch/records';
import { C1zError } from '../errors.js';
import { type RecordPage, RecordPageBuilder } from '../record-pages.js';
import type { PageAsked, SyncContents } from '../sync-contents.js';
import type { SyncDatabase } from './sync-database.js';
import type { RecordTableName, RowBatch, RowId } from './sync-tables.js';
import {
  assetRecord,
  entitlementRecord,
  grantRecord,
  NamesNeeded,
  resourceRecord,
  resourceTypeRecord,
  syncRunRecord,
} from './translate.js';
import type { Zone } from './zones.js';

type Translate = (syncId: string, row: never, zone: Zone) => SyncRecord;

const TABLES: Readonly<Record<string, readonly [RecordTableName, Translate]>> = {
  resource_type: ['v1_resource_types', resourceTypeRecord],
  resource: ['v1_resources', resourceRecord],
  entitlement: ['v1_entitlements', entitlementRecord],
  grant: ['v1_grants', grantRecord],
  asset: ['v1_assets', assetRecord],
};

export class RowContents implements SyncContents {
  readonly decodedBytes: number;
  readonly engine = 'sqlite';
  readonly #database: SyncDatabase;
  /** The .c1z file, for messages. */
  readonly #path: string;
  readonly #zone: Zone;
  /** Tables of which messages were found that leave out what the columns say. */
  readonly #needNames = new Set<RecordTableName>();

  /** @param zone of times that name none */
  constructor(database: SyncDatabase, path: string, decodedBytes: number, zone: Zone) {
    this.decodedBytes = decodedBytes;
    this.#database = database;
    this.#path = path;
    this.#zone = zone;
  }

  syncRuns(): RecordPage {
    const page = new RecordPageBuilder();
    const ids = new Set<string>();
    for (const row of this.#database.syncRuns()) {
      const run = this.#located('v1_sync_runs', () => syncRunRecord(row, this.#zone));
      if (ids.has(run.syncId)) {
        throw new C1zError('SSTITCH_C1Z_CORRUPT', 'v1_sync_runs: two rows have the same sync_id', {
          path: this.#path,
        });
      }
      ids.add(run.syncId);
      page.add(encodeRecord(run));
    }
    return page.page(undefined);
  }

  page({ bucket, syncId, after }: PageAsked): RecordPage {
    const [table, translate] = TABLES[bucket] ?? [];
    if (table === undefined || translate === undefined) {
      return new RecordPageBuilder().page(undefined);
    }
    // Nearly all rows are grants, and nearly all of those have in their message all that the columns say;
    // reading these takes a third of the time. The other tables are small.
    const withNames = table !== 'v1_grants' || this.#needNames.has(table);
    const asked = { table, syncId, afterRowId: after as RowId | undefined };
    const batch = this.#database.batch({ ...asked, withNames });
    try {
      return this.#translated(syncId, table, translate, batch);
    } catch (error) {
      if (!(error instanceof NamesNeeded)) throw error;
      // Once more, with the names; what comes after it most likely needs them, too.
      this.#needNames.add(table);
      const named = this.#database.batch({ ...asked, withNames: true });
      return this.#translated(syncId, table, translate, named);
    }
  }

  close(): void {
    this.#database.close();
  }

  #translated(
    syncId: string,
    table: RecordTableName,
    translate: Translate,
    { rows, rowIds, isLast }: RowBatch,
  ): RecordPage {
    const page = new RecordPageBuilder();
    for (const [index, row] of rows.entries()) {
      this.#located(`${table}, row ${rowIds[index]}`, () => {
        // The database has checked each value against the table's columns.
        page.add(encodeRecord(translate(syncId, row as never, this.#zone)));
      });
    }
    return page.page(isLast ? undefined : rowIds.at(-1));
  }

  /** Adds the place to errors of the pure functions, which do not know it. */
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
