// Writes a sync to a file of format 3 as the current baton-sdk does: keys of the layout pebble3, the indexes
// that it relies on, an indexed payload. Runs in the writer process, so it may block.
//
// Invariant: nothing is written before all records have been added, because the head of the file describes them.
import { equalBytes } from '@sstitch/contract';
import { parseSyncId, toHex } from '@sstitch/keys';
import { type Entry, writePebbleDatabase } from '@sstitch/pebble';
import { decodeRecord, SyncIdField, type SyncRunRecord, type ValueBucket } from '@sstitch/records';
import { FrameWriter } from '../envelope/frame-writer.js';
import { encodeHead } from '../envelope/manifest.js';
import { loadXxhash } from '../envelope/xxhash64.js';
import { C1zError, messageOf } from '../errors.js';
import { PayloadEncoding, PebbleIdIndexFormat } from '../gen/c1/c1z/v3/manifest_pb.js';
import { OutputFile } from '../output-file.js';
import type { C1zWriteProgress, SyncWriter, WrittenC1z } from '../sync-writer.js';
import { EntrySorter } from './entry-sorter.js';
import { indexKeys } from './index-keys.js';
import {
  bucketPrefix,
  ID_FORMAT_KEY,
  KEYSPACE_VERSION_KEY,
  keyParts,
  recordKey,
  STAMP,
} from './key-layout.js';
import { ENGINE } from './writers.js';

/** The format major version of Pebble that the current Baton writes. */
const FORMAT_VERSION = 24;

/** The number of entries from one report of progress to the next. */
const ENTRIES_A_REPORT = 8192;

const NO_VALUE = new Uint8Array(0);
const NO_KEY = new Uint8Array(0);

/** The buckets whose messages keep field 1, the sync id, in a file of one sync. */
const KEEPS_SYNC_ID: ReadonlySet<ValueBucket> = new Set(['asset', 'sync_run', 'sync_stats']);

/** The sync that a file holds. */
interface WrittenSync {
  readonly syncId: string;
  run: SyncRunRecord | undefined;
  stats: Uint8Array | undefined;
}

export interface DatabaseWriterOptions {
  /** The size at which a table ends. */
  readonly tableSizeBytes?: number | undefined;
  /** The most bytes to sort in memory at once. */
  readonly maxMemoryBytes?: number | undefined;
}

export class DatabaseWriter implements SyncWriter {
  readonly #output: OutputFile;
  /** The final path of the file, for messages. */
  readonly #target: string;
  readonly #options: DatabaseWriterOptions;
  readonly #sorter: EntrySorter;
  readonly #withoutSyncId = new SyncIdField('');
  #sync: WrittenSync | undefined;
  #records = 0;

  /**
   * @param path the path of the file to create
   * @param target the final path, for messages
   * @param directory the directory for data that does not fit in memory; its owner removes it
   * @throws C1zError SSTITCH_FILE_OPERATION
   */
  constructor(
    path: string,
    target: string,
    directory: string,
    options: DatabaseWriterOptions = {},
  ) {
    this.#output = new OutputFile(path, target);
    this.#target = target;
    this.#options = options;
    this.#sorter = new EntrySorter(directory, options.maxMemoryBytes);
  }

  add(syncId: string, bucket: ValueBucket, values: readonly Uint8Array[]): void {
    const sync = this.#checkSync(syncId);
    const prefix = bucketPrefix('pebble3', bucket, undefined);
    const keepsSyncId = KEEPS_SYNC_ID.has(bucket);
    for (const value of values) {
      const record = decodeRecord(bucket, NO_KEY, value);
      if (bucket === 'sync_stats' && sync.stats !== undefined) {
        throw this.#refusal(`the statistics of sync ${syncId} were added twice`);
      }
      let parts: readonly string[];
      try {
        parts = keyParts('pebble3', record);
      } catch (cause) {
        throw this.#refusal(
          `${nameOf(bucket, value)} cannot be stored in a file of format 3: ${messageOf(cause)}; write format 1`,
          cause,
        );
      }
      this.#sorter.add(
        recordKey(prefix, parts),
        keepsSyncId ? value : this.#withoutSyncId.put(value),
      );
      for (const key of indexKeys(record, parts)) this.#sorter.add(key, NO_VALUE);
      if (record.$typeName === 'c1.storage.v3.SyncRunRecord') sync.run = record;
      else if (record.$typeName === 'c1.storage.v3.SyncStatsRecord') sync.stats = value;
      else this.#records += 1;
    }
  }

  async finish(onProgress: (progress: C1zWriteProgress) => void): Promise<WrittenC1z> {
    const { run, stats } = this.#sync ?? {};
    if (run === undefined) {
      throw this.#refusal(
        this.#sync === undefined
          ? 'there is no sync to write: a file of format 3 holds one'
          : `the run of sync ${this.#sync.syncId} is missing among its records`,
      );
    }
    this.#sorter.add(KEYSPACE_VERSION_KEY, STAMP);
    this.#sorter.add(ID_FORMAT_KEY, STAMP);
    await loadXxhash();
    const output = this.#output;
    const { head, manifest } = encodeHead({
      engine: ENGINE,
      engineSchemaVersion: FORMAT_VERSION,
      payloadEncoding: PayloadEncoding.INDEXED_ZSTD,
      pebbleIdIndexFormat: PebbleIdIndexFormat.STRUCTURED_V1,
      syncRuns: [summaryOf(run, stats)],
    });
    output.write(head);
    const frames = new FrameWriter(output, manifest);
    await writePebbleDatabase((file) => frames.add(file), this.#entries(onProgress), {
      tableSizeBytes: this.#options.tableSizeBytes,
      formatVersion: FORMAT_VERSION,
      // Only LevelDB needs CURRENT, and only Pebble opens this directory.
      current: false,
    });
    frames.finish();
    const sizeBytes = output.lengthBytes;
    output.finish();
    return { syncs: 1, records: this.#records, sizeBytes };
  }

  *#entries(onProgress: (progress: C1zWriteProgress) => void): Generator<Entry, void, undefined> {
    let before: Entry | undefined;
    const total = this.#sorter.count;
    let done = 0;
    for (const entry of this.#sorter.sorted()) {
      if (before !== undefined && equalBytes(entry.key, before.key)) {
        throw this.#twice(entry.key, before.value, entry.value);
      }
      before = entry;
      if (done % ENTRIES_A_REPORT === 0) onProgress({ unit: 'entries', done, total });
      done += 1;
      yield entry;
    }
  }

  #checkSync(syncId: string): WrittenSync {
    if (this.#sync === undefined) {
      try {
        parseSyncId(syncId);
      } catch (cause) {
        throw this.#refusal(
          `a sync has the id ${JSON.stringify(syncId)}, which is not a KSUID: write format 1, or give it another id`,
          cause,
        );
      }
      this.#sync = { syncId, run: undefined, stats: undefined };
    }
    if (this.#sync.syncId === syncId) return this.#sync;
    throw this.#refusal(
      `there are several syncs, among them ${this.#sync.syncId} and ${syncId}, but a file of format 3 holds one: choose one, or write format 1`,
    );
  }

  /**
   * The error for two entries with one key. The key is that of a record, because index keys sort after all
   * record keys.
   */
  #twice(key: Uint8Array, one: Uint8Array, other: Uint8Array): C1zError {
    const bucket = BUCKET_OF_TYPE[key[1] ?? 0];
    if (bucket === undefined) return this.#refusal(`two entries have the key ${toHex(key)}`);
    const names = `${nameOf(bucket, one)} and ${nameOf(bucket, other)}`;
    return this.#refusal(
      bucket === 'grant'
        ? `${names} have the same entitlement and principal, but a file of format 3 holds only one of them: write format 1, or remove one`
        : `${names} have the same key: add each record once`,
    );
  }

  #refusal(problem: string, cause?: unknown): C1zError {
    return new C1zError('SSTITCH_C1Z_NOT_REPRESENTABLE', problem, { path: this.#target, cause });
  }
}

/** Buckets by the second byte of a key. */
const BUCKET_OF_TYPE: Readonly<Record<number, ValueBucket>> = {
  1: 'resource_type',
  2: 'resource',
  3: 'entitlement',
  4: 'grant',
  5: 'asset',
  6: 'sync_run',
};

/** The name of a record for messages. */
function nameOf(bucket: ValueBucket, value: Uint8Array): string {
  const record = decodeRecord(bucket, NO_KEY, value);
  const id =
    'externalId' in record ? record.externalId : 'resourceId' in record ? record.resourceId : '';
  return `${bucket.replace('_', ' ')} ${JSON.stringify(id)}`;
}

function summaryOf(run: SyncRunRecord, stats: Uint8Array | undefined) {
  const { syncId, type, startedAt, endedAt, parentSyncId } = run;
  return {
    syncId,
    type,
    parentSyncId,
    ...(startedAt && { startedAt }),
    ...(endedAt && { endedAt }),
    ...(stats && { stats }),
  };
}
