// Opens a .c1z file of either format and reads its records. A separate process does the work; this side
// converts pages of bytes to batches of records.
import { constants, type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type AssetRecord,
  type BatchOptions,
  decodeRecord,
  type EntitlementRecord,
  type GrantRecord,
  RecordBatch,
  type RecordByBucket,
  type ResourceRecord,
  type ResourceTypeRecord,
  SyncCounter,
  type SyncRunRecord,
  type SyncSource,
  type SyncStatsRecord,
} from '@sstitch/records';
import { removeTemporary } from '@sstitch/records/temporary-files';
import { aborted, C1zError, messageOf } from './errors.js';
import { zoneOf } from './format1/zones.js';
import { RECORD_BUCKETS, type RecordBucket } from './format3/key-layout.js';
import { type C1zFormat, formatOf, MAGIC_BYTES } from './magic.js';
import { type C1zOptions, type C1zProgress, checkLimits } from './options.js';
import type { OpenedContents, ReaderRequest } from './process/decode-c1z.js';
import { WorkerProcess } from './process/worker-process.js';
import { type Cursor, type RecordPage, recordsOf, type TypeCount } from './record-pages.js';
import type { PagedBucket } from './sync-contents.js';
import { completedStatistics, recordsIn, TypeLimit } from './sync-statistics.js';
import { makeTemporaryDirectory } from './temporary-directory.js';

/** An open .c1z file of either format. Its records are read in batches. */
export interface C1zFile extends SyncSource {
  /** The path of the file, as it was opened. */
  readonly path: string;
  /** The format of the file, which its first bytes name. */
  readonly format: C1zFormat;
  /**
   * The engine of the payload: 'sqlite' in format 1; in format 3 'pebble3', or 'pebble2' or 'pebble' in older
   * files.
   */
  readonly engine: string;
  /** The size of the decoded payload. */
  readonly decodedBytes: number;
  /** Returns the runs of the syncs in the file, finished (with endedAt) or not, in the file's order. */
  syncs(): readonly SyncRunRecord[];
  /**
   * Yields the resource types of one sync in batches.
   * @throws C1zError, here or from the iteration: SSTITCH_C1Z_SYNC_NOT_FOUND, SSTITCH_C1Z_FORMAT_UNSUPPORTED,
   * SSTITCH_C1Z_CORRUPT, SSTITCH_C1Z_TOO_LARGE, SSTITCH_C1Z_STALLED, SSTITCH_C1Z_READER_FAILED,
   * SSTITCH_C1Z_CLOSED, SSTITCH_ABORTED
   */
  resourceTypes(syncId: string): AsyncIterable<ResourceTypeRecord[]>;
  /** Yields the resources of one sync in batches. @throws C1zError, as `resourceTypes` */
  resources(syncId: string): AsyncIterable<ResourceRecord[]>;
  /** Yields the entitlements of one sync in batches. @throws C1zError, as `resourceTypes` */
  entitlements(syncId: string): AsyncIterable<EntitlementRecord[]>;
  /** Yields the grants of one sync in batches. @throws C1zError, as `resourceTypes` */
  grants(syncId: string): AsyncIterable<GrantRecord[]>;
  /** Yields the assets of one sync in batches. @throws C1zError, as `resourceTypes` */
  assets(syncId: string): AsyncIterable<AssetRecord[]>;
  /**
   * Returns the statistics of a sync unchanged as in the file; undefined if it has none.
   * @throws C1zError, as above
   */
  statistics(syncId: string): Promise<SyncStatsRecord | undefined>;
  /**
   * Returns the number of records, without runs and statistics, that `batches` yields for all syncs or for some. In
   * format 3 it is that in the statistics; in format 1, rows are counted where these are missing.
   * @returns undefined if it is unknown
   * @throws C1zError, as above
   */
  countRecords(options?: BatchOptions): Promise<number | undefined>;
  /**
   * Yields all records of all syncs, or of some: the run of a sync first, its statistics last. The statistics
   * of a finished sync are computed if the file has none, and corrected if they are wrong.
   * @throws C1zError from the iteration, as above
   */
  batches(options?: BatchOptions): AsyncGenerator<RecordBatch, void, undefined>;
  /** Ends the reading and removes decoded data. May be called twice. */
  close(): Promise<void>;
}

const DIRECTORY_PREFIX = 'sstitch-c1z-';

/**
 * Opens a .c1z file: decodes it as far as needed, checks it and reads its list of syncs. No file is left if that fails.
 * @throws C1zError SSTITCH_C1Z_NOT_C1Z, SSTITCH_C1Z_FORMAT_UNSUPPORTED, SSTITCH_C1Z_CORRUPT,
 * SSTITCH_C1Z_TOO_LARGE, SSTITCH_C1Z_STALLED, SSTITCH_C1Z_READER_FAILED, SSTITCH_ABORTED,
 * SSTITCH_OPTION_INVALID, SSTITCH_FILE_OPERATION
 */
export async function openC1z(path: string, options: C1zOptions = {}): Promise<C1zFile> {
  checkLimits(options);
  // Refuses an unknown zone. The host's zone is created later, when it is needed: creating it takes 13 ms.
  if (options.zone !== undefined) zoneOf(options.zone);
  const { signal, onProgress = () => {} } = options;
  if (signal?.aborted) throw aborted(path, signal);

  const { handle, fileBytes, format } = await openFile(path);
  try {
    const directory = await makeTemporaryDirectory(DIRECTORY_PREFIX, options.temporaryDirectory);
    try {
      if (signal?.aborted) throw aborted(path, signal);
      const limits = checkLimits(options, format, fileBytes);
      const reader = new WorkerProcess<C1zProgress>({
        role: 'reader',
        path,
        remove: [directory],
        fileDescriptor: handle.fd,
        stallTimeoutMs: limits.stallTimeoutMs,
        onProgress,
      });
      const stop = () => void reader.end(aborted(path, signal));
      signal?.addEventListener('abort', stop, { once: true });
      try {
        const { zone } = options;
        const task: ReaderRequest = {
          kind: 'open',
          path,
          format,
          fileBytes,
          directory,
          zone,
          limits,
        };
        const { decodedBytes, engine, syncRuns } = await reader.ask<OpenedContents>(task);
        return new OpenC1zFile({ path, format, engine, decodedBytes }, syncRuns, {
          reader,
          directory,
          signal,
        });
      } catch (error) {
        await reader.end(closed(path));
        throw error;
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    } catch (error) {
      await removeTemporary(directory);
      throw error;
    }
  } finally {
    await handle.close();
  }
}

/** Facts about an open file. */
type FileFacts = Pick<C1zFile, 'path' | 'format' | 'engine' | 'decodedBytes'>;

/** The resources that are released when a file is closed. */
interface FileParts {
  readonly reader: WorkerProcess<C1zProgress>;
  readonly directory: string;
  readonly signal: AbortSignal | undefined;
}

class OpenC1zFile implements C1zFile {
  readonly path: string;
  readonly format: C1zFormat;
  readonly engine: string;
  readonly decodedBytes: number;
  /** Runs by sync id, in the file's order. */
  readonly #runs: ReadonlyMap<string, RecordBatch<'sync_run'>>;
  readonly #parts: FileParts;
  readonly #onAbort = () => void this.#end(aborted(this.path, this.#parts.signal)).catch(() => {});
  #ended: Promise<void> | undefined;

  constructor(facts: FileFacts, syncRuns: RecordPage, parts: FileParts) {
    this.path = facts.path;
    this.format = facts.format;
    this.engine = facts.engine;
    this.decodedBytes = facts.decodedBytes;
    this.#runs = new Map(
      recordsOf(syncRuns).map((value) => {
        const { syncId } = decodeRecord('sync_run', NO_KEY, value);
        return [syncId, RecordBatch.ofValues(syncId, 'sync_run', [value])];
      }),
    );
    this.#parts = parts;
    parts.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  syncs(): readonly SyncRunRecord[] {
    return [...this.#runs.values()].flatMap(({ records }) => records);
  }

  resourceTypes(syncId: string): AsyncIterable<ResourceTypeRecord[]> {
    return this.#records('resource_type', syncId);
  }

  resources(syncId: string): AsyncIterable<ResourceRecord[]> {
    return this.#records('resource', syncId);
  }

  entitlements(syncId: string): AsyncIterable<EntitlementRecord[]> {
    return this.#records('entitlement', syncId);
  }

  grants(syncId: string): AsyncIterable<GrantRecord[]> {
    return this.#records('grant', syncId);
  }

  assets(syncId: string): AsyncIterable<AssetRecord[]> {
    return this.#records('asset', syncId);
  }

  async statistics(syncId: string): Promise<SyncStatsRecord | undefined> {
    for await (const [stats] of this.#records('sync_stats', syncId)) return stats;
    return undefined;
  }

  async countRecords({ syncIds, signal }: BatchOptions = {}): Promise<number | undefined> {
    let records = 0;
    for (const { syncId } of this.#chosenRuns(syncIds)) {
      if (signal?.aborted) throw aborted(this.path, signal);
      const stats = await this.statistics(syncId);
      const request: ReaderRequest = { kind: 'count', syncId };
      const count =
        stats === undefined
          ? await this.#parts.reader.ask<number | undefined>(request)
          : recordsIn(stats);
      if (count === undefined) return undefined;
      records += count;
    }
    return records;
  }

  async *batches({ syncIds, signal }: BatchOptions = {}): AsyncGenerator<RecordBatch> {
    const runs = this.#chosenRuns(syncIds);
    for (const run of runs) {
      yield run;
      const counter = new SyncCounter();
      const types = new TypeLimit();
      for (const bucket of RECORD_BUCKETS) {
        for await (const [batch, counts] of this.#batches<RecordBucket>(bucket, run.syncId)) {
          if (signal?.aborted) throw aborted(this.path, signal);
          for (const [type, count] of counts) {
            types.add(type, run.syncId, this.path);
            counter.addCount(bucket, count, type);
          }
          yield batch;
        }
      }
      yield* this.#completedStatistics(run, counter);
    }
  }

  close(): Promise<void> {
    return this.#end(closed(this.path));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#completedStatistics(
    { syncId, records: [run] }: RecordBatch<'sync_run'>,
    counter: SyncCounter,
  ): AsyncGenerator<RecordBatch<'sync_stats'>> {
    let own: RecordBatch<'sync_stats'> | undefined;
    for await (const [batch] of this.#batches('sync_stats', syncId)) own = batch;
    const [stats] = own?.records ?? [];
    const completed = run && completedStatistics(run, counter, stats);
    if (own !== undefined && completed === stats) yield own;
    else if (completed !== undefined)
      yield RecordBatch.ofRecords(syncId, 'sync_stats', [completed]);
  }

  #chosenRuns(syncIds: readonly string[] | undefined): readonly RecordBatch<'sync_run'>[] {
    return syncIds?.map((syncId) => this.#run(syncId)) ?? [...this.#runs.values()];
  }

  #run(syncId: string): RecordBatch<'sync_run'> {
    const run = this.#runs.get(syncId);
    if (run !== undefined) return run;
    const ids = [...this.#runs.keys()].slice(0, 10).join(', ');
    throw new C1zError(
      'SSTITCH_C1Z_SYNC_NOT_FOUND',
      `the file does not hold sync ${syncId}; it holds ${ids === '' ? 'none' : ids}`,
      { path: this.path },
    );
  }

  #records<B extends PagedBucket>(bucket: B, syncId: string): AsyncIterable<RecordByBucket[B][]> {
    this.#run(syncId);
    const batches = () => this.#batches(bucket, syncId);
    return {
      async *[Symbol.asyncIterator]() {
        for await (const [batch] of batches()) yield [...batch.records];
      },
    };
  }

  async *#batches<B extends PagedBucket>(
    bucket: B,
    syncId: string,
  ): AsyncGenerator<readonly [RecordBatch<B>, readonly TypeCount[]], void, undefined> {
    const ask = (after: Cursor | undefined): Promise<RecordPage> => {
      const request: ReaderRequest = { kind: 'page', bucket, syncId, after };
      const asked = this.#parts.reader.ask<RecordPage>(request);
      // The error is thrown where the request is awaited, but a caller that stops early never awaits it.
      asked.catch(() => {});
      return asked;
    };
    let page = await ask(undefined);
    for (;;) {
      // The reader reads the next page while this one is decoded and used, so at most two are held.
      const next = page.next === undefined ? undefined : ask(page.next);
      const values = recordsOf(page);
      if (values.length > 0) yield [RecordBatch.ofValues(syncId, bucket, values), page.counts];
      if (next === undefined) return;
      page = await next;
      // If the reader is faster, several pages may arrive in one turn of the event loop; timers and sockets
      // must not wait for all of them.
      await nextTurn();
    }
  }

  #end(reason: C1zError): Promise<void> {
    const { reader, directory, signal } = this.#parts;
    this.#ended ??= (async () => {
      signal?.removeEventListener('abort', this.#onAbort);
      try {
        await reader.end(reason);
      } finally {
        await removeTemporary(directory);
      }
    })();
    return this.#ended;
  }
}

const NO_KEY = new Uint8Array(0);

interface OpenedFile {
  readonly handle: FileHandle;
  readonly fileBytes: number;
  readonly format: C1zFormat;
}

async function openFile(path: string): Promise<OpenedFile> {
  let handle: FileHandle | undefined;
  try {
    // Non-blocking, because opening a pipe would otherwise wait for its writer. Windows has no such flag.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const status = await handle.stat();
    if (!status.isFile()) throw new Error('it is not a regular file');
    const { size: fileBytes } = status;
    const head = new Uint8Array(MAGIC_BYTES);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return { handle, fileBytes, format: formatOf(head.subarray(0, bytesRead), path) };
  } catch (cause) {
    await handle?.close();
    if (cause instanceof C1zError) throw cause;
    throw new C1zError('SSTITCH_FILE_OPERATION', `cannot read the file: ${messageOf(cause)}`, {
      path,
      cause,
    });
  }
}

function closed(path: string): C1zError {
  return new C1zError('SSTITCH_C1Z_CLOSED', 'the file is closed', { path });
}
