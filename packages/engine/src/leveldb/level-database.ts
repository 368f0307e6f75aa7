// The members of classic-level that the store calls. Those with an underscore are abstract-level's private API, which
// an implementation receives after keys and values were encoded. The store forwards these calls, so that keys and
// values are encoded only once.
import type { AbstractIterator, AbstractSnapshot } from 'abstract-level';
import { ClassicLevel } from 'classic-level';

/** A key or a value in one of LevelDB's native formats: utf8, buffer or view. */
export type NativeBytes = string | Uint8Array;

/** An operation of a batch, encoded. */
export interface NativeOperation {
  readonly type: 'put' | 'del';
  readonly key: NativeBytes;
  readonly value?: NativeBytes | undefined;
}

export interface NativeReadOptions {
  readonly keyEncoding?: string;
  readonly valueEncoding?: string;
  readonly fillCache?: boolean;
  readonly snapshot?: AbstractSnapshot | undefined;
}

export interface NativeRangeOptions extends NativeReadOptions {
  readonly gt?: NativeBytes;
  readonly gte?: NativeBytes;
  readonly lt?: NativeBytes;
  readonly lte?: NativeBytes;
  readonly reverse: boolean;
  readonly limit: number;
  readonly keys?: boolean;
  readonly values?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface NativeIterator extends AbstractIterator<LevelDatabase, NativeBytes, NativeBytes> {
  _next(): Promise<[NativeBytes, NativeBytes] | undefined>;
  _nextv(size: number, options: object): Promise<Array<[NativeBytes, NativeBytes]>>;
  _seek(target: NativeBytes, options: object): void;
  readonly cached: number;
}

/** An open classic-level database. */
export interface LevelDatabase {
  readonly status: string;
  open(): Promise<void>;
  close(): Promise<void>;
  compactRange(start: Uint8Array, end: Uint8Array, options: { keyEncoding: string }): Promise<void>;
  approximateSize(
    start: Uint8Array,
    end: Uint8Array,
    options: { keyEncoding: string },
  ): Promise<number>;
  getProperty(property: string): string;
  snapshot(): AbstractSnapshot;
  _get(key: NativeBytes, options: NativeReadOptions): Promise<NativeBytes | undefined>;
  _getSync(key: NativeBytes, options: NativeReadOptions): NativeBytes | undefined;
  _getMany(
    keys: NativeBytes[],
    options: NativeReadOptions,
  ): Promise<Array<NativeBytes | undefined>>;
  _has(key: NativeBytes, options: NativeReadOptions): Promise<boolean>;
  _hasMany(keys: NativeBytes[], options: NativeReadOptions): Promise<boolean[]>;
  _put(key: NativeBytes, value: NativeBytes, options: object): Promise<void>;
  _del(key: NativeBytes, options: object): Promise<void>;
  _batch(operations: readonly NativeOperation[], options: { sync?: boolean }): Promise<void>;
  _clear(options: NativeRangeOptions): Promise<void>;
  _iterator(options: NativeRangeOptions): NativeIterator;
}

/** LevelDB's own options, as classic-level takes them. */
export interface LevelOptions {
  /** The size of the cache of decoded blocks, in bytes. @defaultValue 8 MiB */
  readonly cacheSize: number;
  /** The size at which a memtable is flushed to a table, in bytes. @defaultValue 4 MiB */
  readonly writeBufferSize: number;
  /** The approximate size of a block before compression, in bytes. @defaultValue 4096 */
  readonly blockSize: number;
  /** The number of entries between the keys that a block stores in full. @defaultValue 16 */
  readonly blockRestartInterval: number;
  /** The number of files that LevelDB may keep open. @defaultValue 1000 */
  readonly maxOpenFiles: number;
  /** The size at which LevelDB's compaction starts another table, in bytes. @defaultValue 2 MiB */
  readonly maxFileSize: number;
  /** Whether blocks are compressed with Snappy. @defaultValue true */
  readonly compression: boolean;
}

/** Removes the LevelDB database in a directory, under its lock, and then the directory. */
export function destroyLevelDatabase(directory: string): Promise<void> {
  return ClassicLevel.destroy(directory);
}

/** Opens the LevelDB database in a directory. */
export async function openLevelDatabase(
  directory: string,
  options: LevelOptions & { readonly createIfMissing: boolean },
): Promise<LevelDatabase> {
  // The open is not `passive`, as that would report errors of the constructor's own deferred open.
  const database = new ClassicLevel(directory, options) as unknown as LevelDatabase;
  await database.open();
  return database;
}
