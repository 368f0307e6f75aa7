// Options of a store: LevelDB's own pass through, with defaults for stores that take whole syncs.

import type { FileSystem } from '@sstitch/sst';
import type { AbstractDatabaseOptions, AbstractOpenOptions } from 'abstract-level';
import { checkOptions, optionInvalid } from '../check-options.js';
import type { LevelOptions } from '../leveldb/level-database.js';
import { levelOptionsOf } from '../leveldb/level-options.js';
import { COPY_PARTS, type SplitPolicy } from '../tables/split-policy.js';

const KIB = 1024;
const MIB = 1024 * KIB;

export interface StoreOptions<K, V> extends AbstractDatabaseOptions<K, V>, Partial<LevelOptions> {
  /** Make the store if there is none. @defaultValue true */
  readonly createIfMissing?: boolean;
  /** Refuse a store that exists. @defaultValue false */
  readonly errorIfExists?: boolean;
  /**
   * LevelDB's block cache, in bytes. Each commit opens a new generation with a cache of its own, so
   * a large one is cold more often than it is worth.
   * @defaultValue 8 MiB
   */
  readonly cacheSize?: number;
  /**
   * Size at which LevelDB turns its write buffer into a table, in bytes. A commit replaces syncs
   * without this buffer; it serves plain writes only, and is flushed at the start of each commit.
   * @defaultValue 4 MiB
   */
  readonly writeBufferSize?: number;
  /**
   * Size of the tables that LevelDB's compactions write, in bytes. A commit splits up to one table
   * at each bound of a span, and links all others: larger ones mean fewer links, and longer copies
   * where a split copies (`splitTables`).
   * @defaultValue 2 MiB
   */
  readonly maxFileSize?: number;
  /** Size of a data block before compression, in bytes. @defaultValue 4096 */
  readonly blockSize?: number;
  /** Keys between two restart points of a block. @defaultValue 16 */
  readonly blockRestartInterval?: number;
  /** Tables that LevelDB keeps open, in each generation. @defaultValue 1000 */
  readonly maxOpenFiles?: number;
  /** Compress blocks with snappy. @defaultValue true */
  readonly compression?: boolean;
  /**
   * What a commit does with a table that straddles a bound of a span. `share` keeps the parts in the table's file, to
   * which it appends an index of each: the cost hardly grows with the table, and the file keeps what was split away
   * until LevelDB compacts the table or a commit purges it. `copy` copies each part into a file of its own, and
   * incoming tables that share a file too: no file that the store makes holds more than its table, for tools that
   * take a file for a table. Tables that share a file already stay as they are, and are read as ever.
   * @defaultValue 'share'
   */
  readonly splitTables?: 'share' | 'copy';
  /**
   * With `splitTables: 'share'`: size from which a part stays in the table's file, in bytes; where all parts are
   * smaller, they are copied. Files that have further names, in checkpoints or copies made of links, are never
   * appended to.
   * @defaultValue 128 KiB
   */
  readonly shareTablesFromBytes?: number;
  /**
   * Only `false`: one process, and one thread of it, has a store open. Others read it by `openReadOnly`.
   * @defaultValue false
   */
  readonly multithreading?: boolean;
  /**
   * Keep the stack of each iterator's and snapshot's creation, for `metrics().held` and the event `forgotten`:
   * to find what is not closed. Costs some microseconds for each.
   * @defaultValue false
   */
  readonly readerStacks?: boolean;
  /**
   * Size of a file that keeps room for an excise on a full disk, in bytes: it is given up for a commit that only
   * removes and finds no room, and made again after it. Such a commit frees the tables that lie inside its spans;
   * what shares a file with others goes with `purge`, for which there must be room. 0: none.
   * @defaultValue 1 MiB; 0 with a `fileSystem` of your own
   */
  readonly diskReserveBytes?: number;
  /**
   * What does the file work. With one of your own the work runs on the calling thread: for tests
   * that record or break operations.
   * @defaultValue Node's file system, in worker threads
   */
  readonly fileSystem?: FileSystem;
}

/** What `open` takes: LevelDB's options, as classic-level. All generations of the opening have them. */
export interface StoreOpenOptions extends AbstractOpenOptions, Partial<LevelOptions> {
  readonly multithreading?: boolean;
}

const MAX_RESERVE_BYTES = 1024 * MIB;

/** For less than this a file of its own costs little more than an index, and keeps nothing else alive. */
const DEFAULT_SHARED_BYTES = 128 * KIB;

/** How a store splits tables, by its options. @throws EngineError SSTITCH_OPTION_INVALID */
export function splitPolicyOf(
  options: Pick<StoreOptions<unknown, unknown>, 'splitTables' | 'shareTablesFromBytes'>,
): SplitPolicy {
  const { splitTables = 'share', shareTablesFromBytes: fromBytes = DEFAULT_SHARED_BYTES } = options;
  if (splitTables !== 'share' && splitTables !== 'copy') {
    throw optionInvalid("splitTables must be 'share' or 'copy'");
  }
  if (typeof fromBytes !== 'number' || !(fromBytes >= 0)) {
    throw optionInvalid('shareTablesFromBytes must be 0 or more');
  }
  return splitTables === 'copy' ? COPY_PARTS : { mode: 'share', fromBytes };
}

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function diskReserveBytesOf(
  options: Pick<StoreOptions<unknown, unknown>, 'diskReserveBytes' | 'fileSystem'>,
): number {
  const { fileSystem, diskReserveBytes: bytes = fileSystem === undefined ? MIB : 0 } = options;
  if (Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= MAX_RESERVE_BYTES) return bytes;
  throw optionInvalid('diskReserveBytes must be from 0 to 1 GiB');
}

/** Checks the options of an opening. @throws EngineError SSTITCH_OPTION_INVALID */
export function checkOpenOptions(options: StoreOpenOptions): void {
  checkOptions(options, {
    createIfMissing: 'boolean',
    errorIfExists: 'boolean',
    multithreading: 'boolean',
    readerStacks: 'boolean',
    fileSystem: 'fileSystem',
  });
  if (options.multithreading) {
    throw optionInvalid(
      'multithreading is not supported: a store is open in one thread; read it in others by openReadOnly',
    );
  }
  levelOptionsOf(options);
}
