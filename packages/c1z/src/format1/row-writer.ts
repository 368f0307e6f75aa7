// Writes syncs to a file of format 1: first a database in a temporary directory, then its zstd stream. Runs in
// the writer process, so it may block.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { equalBytes } from '@sstitch/contract';
import { decodeRecord, type RecordByBucket, type ValueBucket } from '@sstitch/records';
import type { Database, Statement } from 'node-sqlite3-wasm';
import { encodeZstd } from '../envelope/encode-zstd.js';
import { C1zError, messageOf } from '../errors.js';
import { FORMAT_1_MAGIC } from '../magic.js';
import { OutputFile } from '../output-file.js';
import type { C1zWriteProgress, SyncWriter, WrittenC1z } from '../sync-writer.js';
import { INDEXES, TABLES } from './database-schema.js';
import {
  KEPT_RECORDS_TABLE,
  keptRecordId,
  type RowBucket,
  readBack,
  TABLE_OF_BUCKET,
  TRANSLATIONS,
} from './kept-records.js';
import { SYNC_TABLES } from './sync-tables.js';
import type { Zone } from './zones.js';

// With `require`, as in sync-database.ts: Node scans the whole text of an imported CommonJS module for its exports.
const require = createRequire(import.meta.url);
const sqlite = require('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');

const DATABASE_FILE = 'sync.db';
const CHUNK_BYTES = 128 * 1024;
const NO_KEY = new Uint8Array(0);

type Value = number | Uint8Array | null;

const UTF8 = new TextEncoder();

/** The columns of any table that hold text. */
const TEXTS: ReadonlySet<string> = new Set([
  'sync_id',
  ...Object.values(SYNC_TABLES)
    .flat()
    .filter(({ kind }) => kind === 'text')
    .map(({ name }) => name),
]);

/** A written sync, with statistics that wait for the row of their run. */
interface WrittenSync {
  runRowId: number | undefined;
  stats: Uint8Array | undefined;
}

export class RowWriter implements SyncWriter {
  readonly #output: OutputFile;
  /** The final path of the file, for messages. */
  readonly #target: string;
  readonly #databasePath: string;
  readonly #database: Database;
  readonly #zone: Zone;
  readonly #statements = new Map<string, Statement>();
  readonly #syncs = new Map<string, WrittenSync>();
  readonly #lastRowIds = new Map<ValueBucket, number>();
  #records = 0;

  /**
   * @param path the path of the file to create
   * @param target the final path, for messages
   * @param directory the directory for the database; its owner removes it
   * @param zone the zone in which times are written
   * @throws C1zError SSTITCH_FILE_OPERATION
   */
  constructor(path: string, target: string, directory: string, zone: Zone) {
    this.#output = new OutputFile(path, target);
    this.#target = target;
    this.#zone = zone;
    this.#databasePath = join(directory, DATABASE_FILE);
    this.#database = this.#writing('the database', () => {
      const database = new sqlite.Database(this.#databasePath);
      // The database is private until it is complete, so nothing is ever rolled back.
      database.exec('PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF');
      database.exec(TABLES);
      database.exec('BEGIN');
      return database;
    });
  }

  add(syncId: string, bucket: ValueBucket, values: readonly Uint8Array[]): void {
    const sync = this.#syncs.get(syncId) ?? { runRowId: undefined, stats: undefined };
    this.#syncs.set(syncId, sync);
    for (const value of values) {
      if (bucket === 'sync_stats') {
        if (sync.stats !== undefined) {
          throw this.#refusal(`the statistics of sync ${syncId} were added twice`);
        }
        sync.stats = value;
        continue;
      }
      const rowId = this.#addRecord(syncId, bucket, value);
      if (bucket === 'sync_run') sync.runRowId = rowId;
      else this.#records += 1;
    }
  }

  async finish(onProgress: (progress: C1zWriteProgress) => void): Promise<WrittenC1z> {
    if (this.#syncs.size === 0) throw this.#refusal('there is no sync to write');
    for (const [syncId, { runRowId, stats }] of this.#syncs) {
      if (runRowId === undefined) {
        throw this.#refusal(`the run of sync ${syncId} is missing among its records`);
      }
      if (stats !== undefined) this.#keep('sync_stats', runRowId, stats);
    }
    this.#writing('the indexes', () => {
      for (const statement of this.#statements.values()) statement.finalize();
      this.#database.exec('COMMIT');
      for (const [done, index] of INDEXES.entries()) {
        onProgress({ unit: 'indexes', done, total: INDEXES.length });
        this.#database.exec(index);
      }
      this.#database.close();
    });
    this.#output.write(FORMAT_1_MAGIC);
    const total = statSync(this.#databasePath).size;
    const onRead = (done: number) => onProgress({ unit: 'bytes', done, total });
    const chunks = chunksOf(this.#databasePath, this.#target, onRead);
    for await (const part of encodeZstd(chunks)) this.#output.write(part);
    const sizeBytes = this.#output.lengthBytes;
    this.#output.finish();
    return { syncs: this.#syncs.size, records: this.#records, sizeBytes };
  }

  /** Adds a record; returns the id of its row. */
  #addRecord<B extends RowBucket>(syncId: string, bucket: B, value: Uint8Array): number {
    const record = decodeRecord(bucket, NO_KEY, value);
    const toRow = TRANSLATIONS[bucket].toRow as (record: RecordByBucket[B], zone: Zone) => object;
    const rowId = (this.#lastRowIds.get(bucket) ?? 0) + 1;
    this.#lastRowIds.set(bucket, rowId);
    let whole: Uint8Array;
    try {
      whole = readBack(bucket, record);
    } catch (cause) {
      const why = cause instanceof C1zError ? cause.problem : messageOf(cause);
      throw this.#refusal(
        `a ${nameOf(bucket)} cannot be stored in a file of format 1: ${why}`,
        cause,
      );
    }
    const row = toRow(record, this.#zone);
    this.#insert(bucket, record, { id: rowId, ...row, ...commonColumns(bucket, syncId) });
    if (!equalBytes(whole, value)) this.#keep(bucket, rowId, value);
    return rowId;
  }

  #keep(bucket: ValueBucket, rowId: number, value: Uint8Array): void {
    const id = keptRecordId(bucket, rowId);
    if (id === undefined) throw this.#refusal(`there are too many records of ${nameOf(bucket)}`);
    this.#writing(KEPT_RECORDS_TABLE, () => {
      this.#statement(KEPT_RECORDS_TABLE, ['id', 'record']).run([id, value]);
    });
  }

  #insert(bucket: RowBucket, record: object, columns: Readonly<Record<string, unknown>>): void {
    const table = bucket === 'sync_run' ? 'v1_sync_runs' : TABLE_OF_BUCKET[bucket];
    const names = Object.keys(columns).filter((name) => name !== 'is_partial');
    try {
      this.#statement(table, names).run(names.map((name) => bound(columns[name])));
    } catch (cause) {
      if (!messageOf(cause).includes('UNIQUE constraint')) throw this.#broken(table, cause);
      const id = 'externalId' in record ? record.externalId : columns['external_id'];
      throw this.#refusal(
        `two records of one sync are ${nameOf(bucket)} ${JSON.stringify(id ?? '')}: a file of format 1 holds one of them`,
        cause,
      );
    }
  }

  #statement(table: string, names: readonly string[]): Statement {
    const known = this.#statements.get(table);
    if (known !== undefined) return known;
    const places = names.map((name) => (TEXTS.has(name) ? 'CAST(? AS TEXT)' : '?')).join(', ');
    const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`;
    const statement = this.#database.prepare(sql);
    this.#statements.set(table, statement);
    return statement;
  }

  #writing<T>(what: string, run: () => T): T {
    try {
      return run();
    } catch (cause) {
      throw this.#broken(what, cause);
    }
  }

  #broken(what: string, cause: unknown): C1zError {
    return new C1zError('SSTITCH_FILE_OPERATION', `cannot write ${what}: ${messageOf(cause)}`, {
      path: this.#target,
      cause,
    });
  }

  #refusal(problem: string, cause?: unknown): C1zError {
    return new C1zError('SSTITCH_C1Z_NOT_REPRESENTABLE', problem, { path: this.#target, cause });
  }
}

/** The columns of a row that do not derive from its record. */
function commonColumns(bucket: RowBucket, syncId: string): object {
  // Expansions are in columns, so Baton need not search the messages for them.
  return bucket === 'sync_run' ? { grants_backfilled: 1 } : { sync_id: syncId };
}

/** Binds texts as bytes, because a bound text would end at its first zero byte. */
function bound(value: unknown): Value {
  if (typeof value === 'string') return UTF8.encode(value);
  return typeof value === 'boolean' ? Number(value) : (value as Value);
}

function nameOf(bucket: ValueBucket): string {
  return bucket.replace('_', ' ');
}

function* chunksOf(
  path: string,
  target: string,
  onRead: (bytes: number) => void,
): Generator<Uint8Array, void, undefined> {
  let read = 0;
  const fileDescriptor = openSync(path, 'r');
  try {
    for (;;) {
      // New memory for each chunk, because the compressor may still hold the previous one.
      const chunk = new Uint8Array(CHUNK_BYTES);
      const length = readSync(fileDescriptor, chunk);
      if (length === 0) return;
      yield chunk.subarray(0, length);
      read += length;
      onRead(read);
    }
  } catch (cause) {
    throw new C1zError('SSTITCH_FILE_OPERATION', `cannot read ${path}: ${messageOf(cause)}`, {
      path: target,
      cause,
    });
  } finally {
    closeSync(fileDescriptor);
  }
}
