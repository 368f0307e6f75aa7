// Reads the syncs in the Pebble database of a format 3 file. Runs in the reader process, so it may block.
//
// The file is untrusted. Invariants:
// - every value is decoded before it is passed on, or scanned and found plain, and its record must belong under
//   its key, so that no record is in the file twice; but in the layout pebble3, entitlements of different resources, and
//   grants of different entitlements or principals, may have the same id
// - no value over the limit is passed on
import { compareBytes, equalBytes } from '@sstitch/contract';
import { parseSyncId, prefixSpan, syncIdBytes, toHex } from '@sstitch/keys';
import { type Entry, type PackedEntries, PebbleDatabase } from '@sstitch/pebble';
import {
  countedType,
  decodeRecord,
  encodeRecord,
  type GrantRecord,
  type RecordByBucket,
  RecordScanner,
  SyncIdField,
  type SyncRecord,
} from '@sstitch/records';
import type { InputFile } from '../envelope/input-range.js';
import { readManifest } from '../envelope/manifest.js';
import { PAYLOAD_DIRECTORY } from '../envelope/payload.js';
import { C1zError, messageOf } from '../errors.js';
import type { C1zLimits, C1zProgress } from '../options.js';
import { type RecordPage, RecordPageBuilder } from '../record-pages.js';
import {
  MAX_PAGE_BYTES,
  MAX_SYNC_RUN_BYTES,
  MAX_SYNC_RUNS,
  type PageAsked,
  type SyncContents,
} from '../sync-contents.js';
import { databaseError, withDatabaseErrors } from './database-errors.js';
import {
  bucketPrefix,
  ID_FORMAT_KEY,
  KEYSPACE_VERSION_KEY,
  type KeyLayout,
  keyParts,
  recordKey,
  STAMP,
} from './key-layout.js';
import { openPayload, type Payload } from './open-payload.js';
import { isPlainKey } from './plain-key.js';
import { writerOf } from './writers.js';

/** The most scans that wait for their next page. Each keeps the tables that it reads open. */
const MAX_SCANS = 8;
/** The most tables that stay open while no scan reads them; each takes its decoded size. */
const IDLE_TABLES = 8;
/** Room in a block besides its largest value. */
const BLOCK_ROOM_BYTES = 2 ** 20;
/** The largest value of the option `maxBlockBytes` of @sstitch/pebble. */
const MAX_BLOCK_BYTES = 2 ** 30;

/** How many bytes of a key from the file messages show, and how many characters of a sync id. */
const SHOWN_BYTES = 64;
const NO_KEY = new Uint8Array(0);

/** A scan of a bucket that is at the end of a page. */
interface Scan {
  readonly pages: Generator<PackedEntries, void>;
  /** The last key read. */
  readonly after: Uint8Array | undefined;
}

/** The facts from the file's head before its payload. */
interface Source {
  readonly path: string;
  readonly engine: string;
  readonly limits: C1zLimits;
}

export class DatabaseContents implements SyncContents {
  readonly decodedBytes: number;
  readonly engine: string;
  readonly #source: Source;
  readonly #payload: Payload;
  readonly #database: PebbleDatabase;
  readonly #layout: KeyLayout;
  readonly #scanner = new RecordScanner();
  /** Scans by bucket and sync, the most recently used last. */
  readonly #scans = new Map<string, Scan>();

  private constructor(
    source: Source,
    payload: Payload,
    database: PebbleDatabase,
    layout: KeyLayout,
  ) {
    this.decodedBytes = payload.decodedBytes;
    this.engine = source.engine;
    this.#source = source;
    this.#payload = payload;
    this.#database = database;
    this.#layout = layout;
  }

  /**
   * Opens a file of format 3.
   * @param directory the directory for decoded files; its owner removes it
   * @throws C1zError
   */
  static async open(
    file: InputFile,
    directory: string,
    limits: C1zLimits,
    onProgress: (progress: C1zProgress) => void | Promise<void>,
  ): Promise<DatabaseContents> {
    const manifest = readManifest(file);
    const { engine } = manifest;
    const { path } = file;
    if (writerOf(engine) === undefined) {
      throw new C1zError(
        'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
        `the file has format 3 with the unknown engine ${JSON.stringify(engine.slice(0, 64))}: read it with a newer @sstitch/c1z`,
        { path, part: 'manifest' },
      );
    }
    const payload = await openPayload(file, manifest, directory, limits, onProgress);
    try {
      return await withDatabaseErrors(path, engine, async () => {
        const database = await openDatabase(payload, limits);
        try {
          const layout = layoutOf(database, path, engine);
          return new DatabaseContents({ path, engine, limits }, payload, database, layout);
        } catch (error) {
          await database.close();
          throw error;
        }
      });
    } catch (error) {
      payload.close();
      throw error;
    }
  }

  syncRuns(): RecordPage {
    return this.#reading(() => {
      const page = new RecordPageBuilder();
      for (const { key, value } of this.#runs()) {
        const run = this.#decoded('sync_run', key, value);
        const isOwn = equalBytes(key, recordKey(this.#prefix('sync_run', run.syncId), []));
        if (!isOwn)
          throw this.#corrupt(
            `the run under key ${shown(key)} belongs to sync ${run.syncId.slice(0, SHOWN_BYTES)}`,
          );
        page.add(this.#stored(key, run, value, new SyncIdField(run.syncId)));
        if (page.count > MAX_SYNC_RUNS || page.lengthBytes > MAX_SYNC_RUN_BYTES) {
          throw new C1zError(
            'SSTITCH_C1Z_TOO_LARGE',
            `there are more than ${MAX_SYNC_RUNS} sync runs, or ${MAX_SYNC_RUN_BYTES} bytes of them`,
            { path: this.#source.path, part: 'payload' },
          );
        }
      }
      return page.page(undefined);
    });
  }

  page({ bucket, syncId, after }: PageAsked): RecordPage {
    return this.#reading(() => {
      const prefix = this.#prefix(bucket, syncId);
      const name = `${bucket} ${syncId}`;
      const pages = this.#takeScan(name, prefix, after as Uint8Array | undefined);
      const entries = pages.next().value;
      const page = new RecordPageBuilder();
      if (entries === undefined) return page.page(undefined);
      const { count, bytes, keyEnds, ends } = entries;
      const last = bytes.slice(count > 1 ? ends[count - 2] : 0, keyEnds[count - 1]);
      // Keep the scan before the records are checked: after an error, a scan that is not kept would hold its tables open.
      this.#keepScan(name, { pages, after: last });
      const field = new SyncIdField(syncId);
      const scanner = this.#scanner;
      let end = 0;
      for (let index = 0; index < count; index += 1) {
        const keyStart = end;
        const keyEnd = keyEnds[index] as number;
        end = ends[index] as number;
        const isPlain =
          end - keyEnd <= this.#source.limits.maxValueBytes &&
          scanner.scan(bucket, bytes, keyEnd, end) &&
          isPlainKey(scanner, this.#layout, bytes, keyStart + prefix.length, keyEnd);
        if (isPlain) {
          page.addJoined(field.bytes, bytes, scanner.bodyStart, end);
          page.countAs(scanner.countedType());
          continue;
        }
        const key = bytes.slice(keyStart, keyEnd);
        const value = bytes.slice(keyEnd, end);
        const record = this.#decoded(bucket, key, value);
        this.#checkKey(key, prefix, record);
        page.add(this.#stored(key, record, value, field));
        page.countAs(countedType(record));
      }
      return page.page(last);
    });
  }

  count(): undefined {
    return undefined;
  }

  close(): void {
    for (const { pages } of this.#scans.values()) pages.return();
    this.#scans.clear();
    void this.#database.close();
    this.#payload.close();
  }

  *#runs(): Generator<Entry> {
    const span = prefixSpan(bucketPrefix(this.#layout, 'sync_run', undefined));
    for (const page of this.#database.entriesSync(span)) yield* page;
  }

  /** Takes the scan that continues where the previous page ended, or starts one. */
  #takeScan(name: string, prefix: Uint8Array, after: Uint8Array | undefined) {
    const scan = this.#scans.get(name);
    if (scan !== undefined && after !== undefined && scan.after !== undefined) {
      if (compareBytes(scan.after, after) === 0) {
        this.#scans.delete(name);
        return scan.pages;
      }
    }
    const span = prefixSpan(prefix);
    return this.#database.packedEntriesSync({
      start: after === undefined ? span.start : keyAfter(after),
      end: span.end,
      pageEntries: this.#source.limits.batchRecords,
      pageBytes: MAX_PAGE_BYTES,
    });
  }

  #keepScan(name: string, scan: Scan): void {
    this.#scans.get(name)?.pages.return();
    this.#scans.delete(name);
    this.#scans.set(name, scan);
    for (const [oldest, { pages }] of this.#scans) {
      if (this.#scans.size <= MAX_SCANS) return;
      pages.return();
      this.#scans.delete(oldest);
    }
  }

  #prefix(bucket: PageAsked['bucket'] | 'sync_run', syncId: string): Uint8Array {
    try {
      // Only keys of the oldest layout contain the sync, and there every id is a KSUID.
      const bytes = this.#layout === 'v1' ? parseSyncId(syncId) : undefined;
      return bucketPrefix(this.#layout, bucket, bytes && syncIdBytes(bytes));
    } catch (cause) {
      throw this.#corrupt(
        `a sync has the id ${JSON.stringify(syncId.slice(0, SHOWN_BYTES))}, which is not a KSUID`,
        cause,
      );
    }
  }

  #decoded<B extends PageAsked['bucket'] | 'sync_run'>(
    bucket: B,
    key: Uint8Array,
    value: Uint8Array,
  ): RecordByBucket[B] {
    const { maxValueBytes } = this.#source.limits;
    if (value.length > maxValueBytes) {
      throw new C1zError(
        'SSTITCH_C1Z_TOO_LARGE',
        `the ${bucket} under key ${shown(key)} has ${value.length} bytes, but ${maxValueBytes} is the limit (option maxValueBytes)`,
        { path: this.#source.path, part: 'payload' },
      );
    }
    try {
      return decodeRecord(bucket, NO_KEY, value);
    } catch (cause) {
      throw this.#corrupt(`the value of key ${shown(key)} is not a ${bucket} record`, cause);
    }
  }

  /** Checks a record and returns its stored bytes. */
  #stored(key: Uint8Array, record: SyncRecord, value: Uint8Array, field: SyncIdField): Uint8Array {
    try {
      return field.put(withExternalId(record, value));
    } catch (cause) {
      // The decoder accepts some messages that are truncated inside an unknown field.
      throw this.#corrupt(`the record under key ${shown(key)} is not a message`, cause);
    }
  }

  #checkKey(key: Uint8Array, prefix: Uint8Array, record: SyncRecord): void {
    let expected: Uint8Array;
    try {
      expected = recordKey(prefix, keyParts(this.#layout, record));
    } catch (cause) {
      throw this.#corrupt(
        `the record under key ${shown(key)} has no key: ${messageOf(cause)}`,
        cause,
      );
    }
    if (equalBytes(key, expected)) return;
    throw this.#corrupt(`the record under key ${shown(key)} belongs under key ${shown(expected)}`);
  }

  #corrupt(problem: string, cause?: unknown): C1zError {
    return new C1zError(
      'SSTITCH_C1Z_CORRUPT',
      `${problem}; the file was written by ${writerOf(this.engine)}: write it again`,
      { path: this.#source.path, part: 'payload', cause },
    );
  }

  #reading<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw databaseError(error, this.#source.path, this.engine);
    }
  }
}

/** A key from the file, of any length, as messages show it. */
function shown(key: Uint8Array): string {
  return `${toHex(key.subarray(0, SHOWN_BYTES))}${key.length > SHOWN_BYTES ? '…' : ''}`;
}

function openDatabase({ fileSystem }: Payload, limits: C1zLimits): Promise<PebbleDatabase> {
  return PebbleDatabase.open(PAYLOAD_DIRECTORY, {
    maxBlockBytes: Math.min(limits.maxValueBytes + BLOCK_ROOM_BYTES, MAX_BLOCK_BYTES),
    ...limits.pebble,
    fileSystem,
    tornLogs: limits.tornLogs,
    idleTables: IDLE_TABLES,
  });
}

/** Finds the layout by the stamps, which are more specific than the name of the engine. */
function layoutOf(database: PebbleDatabase, path: string, engine: string): KeyLayout {
  const keyspace = database.getSync(KEYSPACE_VERSION_KEY);
  if (keyspace === undefined && engine === 'pebble') return 'v1';
  if (keyspace !== undefined && equalBytes(keyspace, STAMP)) {
    const idFormat = database.getSync(ID_FORMAT_KEY);
    if (idFormat === undefined) return 'pebble2';
    if (equalBytes(idFormat, STAMP)) return 'pebble3';
    throw unknownStamp('grant_entitlement_id_format', idFormat, path);
  }
  throw unknownStamp('keyspace_version', keyspace, path);
}

function unknownStamp(name: string, stamp: Uint8Array | undefined, path: string): C1zError {
  const said = stamp === undefined ? 'is missing' : `says ${toHex(stamp.subarray(0, 16))}`;
  return new C1zError(
    'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
    `the layout of keys is unknown, because ${name} ${said}: read the file with a newer @sstitch/c1z`,
    { path, part: 'payload' },
  );
}

/** Adds the id that Baton derives on reading to a grant without one, because the key in a store needs it. */
function withExternalId(record: SyncRecord, value: Uint8Array): Uint8Array {
  if (record.$typeName !== 'c1.storage.v3.GrantRecord' || record.externalId !== '') return value;
  return encodeRecord({ ...record, externalId: madeUpId(record) });
}

function madeUpId({ entitlement, principal }: GrantRecord): string {
  const parts = [entitlement?.entitlementId, principal?.resourceTypeId, principal?.resourceId];
  return parts.join(':');
}

function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}
