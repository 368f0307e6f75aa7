// Opens a .c1z file of either format and gives its records. The work is done in a process of its own; here pages of
// bytes become batches of records.
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type AssetRecord,
  decodeRecord,
  type EntitlementRecord,
  type GrantRecord,
  type RecordByBucket,
  type ResourceRecord,
  type ResourceTypeRecord,
  type SyncRunRecord,
  type SyncStatsRecord,
} from '@sstitch/records';
import { type C1zFormat, formatOf, MAGIC_BYTES } from './envelope/magic.js';
import { aborted, C1zError, messageOf } from './errors.js';
import { zoneOf } from './format1/zones.js';
import { type C1zOptions, checkLimits } from './options.js';
import { ReaderProcess } from './process/reader-process.js';
import { type Cursor, type RecordPage, recordsOf } from './record-pages.js';
import type { PagedBucket } from './sync-contents.js';
import { completedStatistics } from './sync-statistics.js';
import { makeTemporaryFolder, removeTemporaryFolder } from './temporary-folder.js';
import { RecordBatch } from './transfer/record-batch.js';
import type { BatchOptions, SyncSource } from './transfer/sync-transfer.js';

/** An open .c1z file. Its records come in batches, in the order in which the connector wrote them. */
export interface C1zFile extends AsyncDisposable {
  readonly path: string;
  /** The size of the decoded database. */
  readonly decodedBytes: number;
  /** The syncs that the file holds, finished (with endedAt) or not, in the order of their rows. */
  syncs(): readonly SyncRunRecord[];
  /**
   * The records of one sync.
   * @throws C1zError, here or from the iteration: SSTITCH_C1Z_SYNC_NOT_FOUND, SSTITCH_C1Z_CORRUPT,
   * SSTITCH_C1Z_TOO_LARGE, SSTITCH_C1Z_STALLED, SSTITCH_C1Z_READER_FAILED, SSTITCH_C1Z_CLOSED,
   * SSTITCH_ABORTED
   */
  resourceTypes(syncId: string): AsyncIterable<ResourceTypeRecord[]>;
  resources(syncId: string): AsyncIterable<ResourceRecord[]>;
  entitlements(syncId: string): AsyncIterable<EntitlementRecord[]>;
  grants(syncId: string): AsyncIterable<GrantRecord[]>;
  assets(syncId: string): AsyncIterable<AssetRecord[]>;
  /** Ends the reading and removes the decoded database. May be called twice. */
  close(): Promise<void>;
}

const FOLDER_PREFIX = 'sstitch-c1z-';
const DATABASE_FILE = 'sync.db';

/**
 * Opens a .c1z file: decodes it into a temporary file, checks it and reads its list of syncs.
 * Nothing is left behind if that fails.
 * @throws C1zError SSTITCH_C1Z_NOT_C1Z, SSTITCH_C1Z_FORMAT_UNSUPPORTED, SSTITCH_C1Z_CORRUPT,
 * SSTITCH_C1Z_TOO_LARGE, SSTITCH_C1Z_STALLED, SSTITCH_C1Z_READER_FAILED, SSTITCH_ABORTED,
 * SSTITCH_OPTION_INVALID, SSTITCH_FILE_OPERATION
 */
export async function openC1z(path: string, options: C1zOptions = {}): Promise<C1zFile> {
  const limits = checkLimits(options);
  const zone = zoneOf(options.zone);
  const { signal, onProgress = () => {} } = options;
  if (signal?.aborted) throw aborted(path, signal);

  const { handle, fileBytes, offset } = await openFile(path);
  try {
    const folder = await makeTemporaryFolder(FOLDER_PREFIX, options.temporaryFolder);
    try {
      if (signal?.aborted) throw aborted(path, signal);
      const task = {
        path,
        fileBytes,
        payloadOffset: offset,
        databasePath: join(folder, DATABASE_FILE),
        limits,
      };
      const reader = new ReaderProcess(task, handle.fd, onProgress);
      const stop = () => void reader.end(aborted(path, signal));
      signal?.addEventListener('abort', stop, { once: true });
      try {
        const { decodedBytes, syncRuns } = await reader.opened;
        const syncs = syncRuns.map((row) =>
          located(path, 'v1_sync_runs', () => syncRunRecord(row, zone)),
        );
        const runs = distinct(syncs, path);
        return new OpenC1zFile(path, decodedBytes, runs, reader, folder, signal, zone);
      } catch (error) {
        await reader.end(closed(path));
        throw error;
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    } catch (error) {
      await removeTemporaryFolder(folder);
      throw error;
    }
  } finally {
    await handle.close();
  }
}

class OpenC1zFile implements C1zFile {
  readonly path: string;
  readonly decodedBytes: number;
  readonly #syncs: ReadonlyMap<string, SyncRunRecord>;
  readonly #reader: ReaderProcess;
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  readonly #zone: Zone;
  readonly #onAbort = () => void this.#end(aborted(this.path, this.#signal)).catch(() => {});
  #ended: Promise<void> | undefined;

  constructor(
    path: string,
    decodedBytes: number,
    syncs: ReadonlyMap<string, SyncRunRecord>,
    reader: ReaderProcess,
    folder: string,
    signal: AbortSignal | undefined,
    zone: Zone,
  ) {
    this.path = path;
    this.decodedBytes = decodedBytes;
    this.#syncs = syncs;
    this.#reader = reader;
    this.#folder = folder;
    this.#signal = signal;
    this.#zone = zone;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  syncs(): readonly SyncRunRecord[] {
    return [...this.#syncs.values()];
  }

  resourceTypes(syncId: string): AsyncIterable<ResourceTypeRecord[]> {
    return this.#records('v1_resource_types', syncId, resourceTypeRecord);
  }

  resources(syncId: string): AsyncIterable<ResourceRecord[]> {
    return this.#records('v1_resources', syncId, resourceRecord);
  }

  entitlements(syncId: string): AsyncIterable<EntitlementRecord[]> {
    return this.#records('v1_entitlements', syncId, entitlementRecord);
  }

  grants(syncId: string): AsyncIterable<GrantRecord[]> {
    return this.#records('v1_grants', syncId, grantRecord);
  }

  assets(syncId: string): AsyncIterable<AssetRecord[]> {
    return this.#records('v1_assets', syncId, assetRecord);
  }

  close(): Promise<void> {
    return this.#end(closed(this.path));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #records<Table extends RecordTableName, Result>(
    table: Table,
    syncId: string,
    translate: (syncId: string, row: RowByTable[Table], zone: Zone) => Result,
  ): AsyncIterable<Result[]> {
    if (!this.#syncs.has(syncId)) {
      throw new C1zError('SSTITCH_C1Z_SYNC_NOT_FOUND', `the file holds no sync ${syncId}`, {
        path: this.path,
      });
    }
    return {
      [Symbol.asyncIterator]: () => this.#batches(table, syncId, translate),
    };
  }

  async *#batches<Table extends RecordTableName, Result>(
    table: Table,
    syncId: string,
    translate: (syncId: string, row: RowByTable[Table], zone: Zone) => Result,
  ): AsyncGenerator<Result[], void, undefined> {
    // Nearly all rows are grants, and nearly all of those have in their message all that the columns say;
    // reading these takes a third of the time. The other tables are small.
    let withNames = table !== 'v1_grants';
    const ask = (afterRowId: RowId | undefined): Promise<RowBatch> => {
      const asked = this.#reader.batch({ table, syncId, afterRowId, withNames });
      // Its error is thrown where it is awaited; a caller that stops early never does.
      asked.catch(() => {});
      return asked;
    };
    const translated = ({ rows, rowIds }: RowBatch): Result[] =>
      rows.map((row, index) =>
        located(this.path, `${table}, row ${rowIds[index]}`, () =>
          // The reader has checked each value against the table's columns.
          translate(syncId, row as unknown as RowByTable[Table], this.#zone),
        ),
      );
    let before: RowId | undefined;
    let batch = await ask(before);
    for (;;) {
      // The reader reads the next batch while this one is translated and used: two are held at most.
      let next = batch.isLast ? undefined : ask(batch.rowIds.at(-1));
      let records: Result[];
      try {
        records = translated(batch);
      } catch (error) {
        if (!(error instanceof NamesNeeded)) throw error;
        // Once more, with the names; what comes after it most likely needs them, too.
        withNames = true;
        batch = await ask(before);
        next = batch.isLast ? undefined : ask(batch.rowIds.at(-1));
        records = translated(batch);
      }
      before = batch.rowIds.at(-1);
      if (records.length > 0) yield records;
      if (next === undefined) return;
      batch = await next;
      // With the reader ahead, batch after batch may come in one turn of the event loop; timers and
      // sockets must not wait for them all.
      await nextTurn();
    }
  }

  #end(reason: C1zError): Promise<void> {
    this.#ended ??= (async () => {
      this.#signal?.removeEventListener('abort', this.#onAbort);
      try {
        await this.#reader.end(reason);
      } finally {
        await removeTemporaryFolder(this.#folder);
      }
    })();
    return this.#ended;
  }
}

interface OpenedFile {
  readonly handle: FileHandle;
  readonly fileBytes: number;
  /** Where the payload begins. */
  readonly offset: number;
}

async function openFile(path: string): Promise<OpenedFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { size: fileBytes } = await handle.stat();
    const head = new Uint8Array(ENVELOPE_HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    const offset = payloadOffset(head.subarray(0, bytesRead), path);
    return { handle, fileBytes, offset };
  } catch (cause) {
    await handle?.close();
    if (cause instanceof C1zError) throw cause;
    throw new C1zError('SSTITCH_FILE_OPERATION', `cannot read the file: ${messageOf(cause)}`, {
      path,
      cause,
    });
  }
}

function distinct(syncs: readonly SyncRunRecord[], path: string): Map<string, SyncRunRecord> {
  const byId = new Map(syncs.map((sync) => [sync.syncId, sync]));
  if (byId.size !== syncs.length) {
    throw new C1zError('SSTITCH_C1Z_CORRUPT', 'v1_sync_runs: two rows have the same sync_id', {
      path,
    });
  }
  return byId;
}

/** Adds the place to errors of the pure functions, which do not know it. */
function located<T>(path: string, place: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof C1zError)) throw error;
    throw new C1zError(error.code, `${place}: ${error.message}`, { path, cause: error.cause });
  }
}

function aborted(path: string, signal: AbortSignal | undefined): C1zError {
  return new C1zError('SSTITCH_ABORTED', 'reading was aborted', { path, cause: signal?.reason });
}

function closed(path: string): C1zError {
  return new C1zError('SSTITCH_C1Z_CLOSED', 'the file has been closed', { path });
}
