// Reads syncs from sheets of grants.
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { createSyncId, formatSyncId, isSyncId } from '@sstitch/keys';
import type { BatchOptions, RecordBatch, SyncRunRecord, SyncSource } from '@sstitch/records';
import { LinesError, notSyncId, throwIfAborted } from '../errors.js';
import type { LinesInput } from '../streams/read-bytes.js';
import { readRows } from './read-rows.js';
import { InvalidGrant, SheetSyncs, TooManyNames } from './sheet-syncs.js';

/** Options of `openGrantsCsv`. */
export interface OpenGrantsCsvOptions {
  /** The name of the input in errors. @defaultValue the path; none for a stream */
  readonly name?: string | undefined;
  /** The sync of rows that name none. @defaultValue a new sync id */
  readonly syncId?: string | undefined;
  /** The discovery time of grants that have none. @defaultValue now */
  readonly now?: Date | undefined;
  /** Called with the number of bytes of the input that were read so far, compressed ones if it is compressed. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/** The syncs of a sheet of grants. A stream can be read once, a file any number of times. */
export interface GrantsCsvSource extends SyncSource {
  /**
   * Returns the runs of all syncs, derived from their grants. Reads the input to its end.
   * @throws LinesError as in `batches`
   */
  syncs(options?: Pick<BatchOptions, 'signal'>): Promise<readonly SyncRunRecord[]>;
  /**
   * Yields the grants, each record that they refer to once and, at the end, the runs and statistics.
   * @throws LinesError from the iteration: SSTITCH_LINES_INVALID, with line and column, SSTITCH_LINES_DAMAGED,
   * SSTITCH_LINES_TOO_LARGE, SSTITCH_LINES_SYNC_NOT_FOUND, SSTITCH_LINES_CLOSED, SSTITCH_FILE_OPERATION,
   * SSTITCH_ABORTED
   */
  batches(options?: BatchOptions): AsyncGenerator<RecordBatch, void, undefined>;
}

/**
 * Opens a sheet of grants, plain or compressed by gzip or zstd; docs/formats/grants-csv.md lists the columns.
 * Reads nothing yet.
 * @throws LinesError SSTITCH_OPTION_INVALID
 */
export function openGrantsCsv(
  input: LinesInput,
  options: OpenGrantsCsvOptions = {},
): GrantsCsvSource {
  const { syncId = freshSyncId(), now = new Date() } = options;
  if (!isSyncId(syncId)) {
    throw new LinesError(
      'SSTITCH_OPTION_INVALID',
      `syncId must be a sync id, not ${String(syncId)}`,
    );
  }
  return new OpenGrantsCsv(input, { ...options, syncId, now });
}

class OpenGrantsCsv implements GrantsCsvSource {
  readonly #input: LinesInput;
  readonly #name: string | undefined;
  readonly #syncId: string;
  readonly #now: Date;
  readonly #onRead: OpenGrantsCsvOptions['onRead'];
  #isConsumed = false;

  constructor(
    input: LinesInput,
    options: OpenGrantsCsvOptions & { readonly syncId: string; readonly now: Date },
  ) {
    this.#input = input;
    this.#name = options.name ?? (typeof input === 'string' ? input : undefined);
    this.#syncId = options.syncId;
    this.#now = options.now;
    this.#onRead = options.onRead;
  }

  async syncs({ signal }: Pick<BatchOptions, 'signal'> = {}): Promise<readonly SyncRunRecord[]> {
    const runs: SyncRunRecord[] = [];
    for await (const batch of this.batches({ signal })) {
      if (batch.bucket === 'sync_run') runs.push(...(batch.records as readonly SyncRunRecord[]));
    }
    return runs;
  }

  async *batches({ syncIds, signal }: BatchOptions = {}): AsyncGenerator<RecordBatch> {
    const path = this.#name;
    if (this.#isConsumed) {
      throw new LinesError('SSTITCH_LINES_CLOSED', 'the stream has already been read', { path });
    }
    this.#isConsumed = typeof this.#input !== 'string';
    const syncs = await SheetSyncs.create(timestampFromDate(this.#now));
    const found = new Set<string>();
    const options = { name: path, signal, onRead: this.#onRead };
    for await (const { line, row } of readRows(this.#input, options)) {
      const syncId = row.sync_id === '' ? this.#syncId : row.sync_id;
      try {
        if (!isSyncId(syncId)) throw new InvalidGrant(notSyncId(syncId), 'sync_id');
        if (syncIds?.includes(syncId) === false) continue;
        found.add(syncId);
        yield* syncs.add(syncId, row);
      } catch (error) {
        throw placed(error, line, path);
      }
      throwIfAborted(signal, path);
    }
    yield* syncs.end();
    const missing = syncIds?.find((syncId) => !found.has(syncId));
    if (missing === undefined) return;
    throw new LinesError(
      'SSTITCH_LINES_SYNC_NOT_FOUND',
      `the file holds no grant of sync ${missing}`,
      {
        path,
      },
    );
  }

  /** Does nothing: the file is open only while it is read. */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

function freshSyncId(): string {
  return formatSyncId(createSyncId(new Date(), crypto.getRandomValues(new Uint8Array(16))));
}

/** Converts an error about a row to a LinesError with its line and column. */
function placed(error: unknown, line: number, path: string | undefined): unknown {
  if (error instanceof InvalidGrant) {
    const { column, message } = error;
    return new LinesError('SSTITCH_LINES_INVALID', message, { path, line, column, cause: error });
  }
  if (error instanceof TooManyNames) {
    return new LinesError('SSTITCH_LINES_TOO_LARGE', error.message, { path, line, cause: error });
  }
  return error;
}
