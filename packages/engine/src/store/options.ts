// The options of a store. LevelDB's options pass through, with defaults that suit stores whose syncs are replaced.

import type { FileSystem } from '@sstitch/sst';
import type { AbstractDatabaseOptions, AbstractOpenOptions } from 'abstract-level';
import { checkOptions, optionInvalid } from '../check-options.js';
import type { LevelOptions } from '../leveldb/level-database.js';
import { levelOptionsOf } from '../leveldb/level-options.js';
import { COPY_PARTS, type SplitPolicy } from '../tables/split-policy.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Options of a `Store`. */
export interface StoreOptions<K, V> extends AbstractDatabaseOptions<K, V>, Partial<LevelOptions> {
  /** Make the store if it does not exist. @defaultValue true */
  readonly createIfMissing?: boolean;
  /** Refuse a store that exists. @defaultValue false */
  readonly errorIfExists?: boolean;
  /**
   * Size of LevelDB's block cache, in bytes. Each commit opens a new generation, whose cache starts empty, so a large
   * cache is rarely worth its memory.
   * @defaultValue 8 MiB
   */
  readonly cacheSize?: number;
  /**
   * Size of the memtable from which LevelDB writes it to a table, in bytes. Only plain writes go through the memtable;
   * a commit flushes it first where its log is too long to be replayed.
   * @defaultValue 4 MiB
   */
  readonly writeBufferSize?: number;
  /**
   * Size of the tables that LevelDB's compactions write, in bytes. A commit splits at most one table of a run at each
   * bound of a span and links the others. Larger tables mean fewer links, and longer copies where a split copies
   * (`splitTables`).
   * @defaultValue 2 MiB
   */
  readonly maxFileSize?: number;
  /** Size of a data block before compression, in bytes. @defaultValue 4096 */
  readonly blockSize?: number;
  /** Number of entries between two restart points of a block. @defaultValue 16 */
  readonly blockRestartInterval?: number;
  /** Number of files that LevelDB keeps open, in each generation. @defaultValue 1000 */
  readonly maxOpenFiles?: number;
  /** Compress blocks with snappy. @defaultValue true */
  readonly compression?: boolean;
  /**
   * How a commit splits a table that straddles a bound of a span.
   * - `share` keeps the parts in the table's file and appends an index of each. The cost hardly grows with the table's
   *   size. The file keeps the bytes that were split away until LevelDB compacts the table or a commit purges it.
   * - `copy` copies each part into a file of its own, and incoming tables that share a file as well. Every file that
   *   the store makes then holds exactly one table, for tools that expect it. Tables of the store that share a file
   *   already remain as they are.
   * @defaultValue 'share'
   */
  readonly splitTables?: 'share' | 'copy';
  /**
   * A size in bytes, for `splitTables: 'share'`. A commit copies the parts of a table if all are smaller, or if together
   * they are less than 1/16 of the table. It also copies the parts of a file that has further links, in checkpoints or in
   * copies made of links, because nothing is appended to such a file.
   * @defaultValue 128 KiB
   */
  readonly shareTablesFromBytes?: number;
  /**
   * Only `false` is supported: one thread of one process opens a store. Other threads and processes read it with
   * `openReadOnly`.
   * @defaultValue false
   */
  readonly multithreading?: boolean;
  /**
   * Record the stack when an iterator or a snapshot is created, for `metrics().held` and the event `forgotten`. It
   * shows which readers are never closed, and costs some microseconds for each.
   * @defaultValue false
   */
  readonly readerStacks?: boolean;
  /**
   * Size of a file that reserves room for an open and an excise on a full disk, in bytes; 0 for none. If the disk is
   * full, an open for writing or a commit that only removes frees the file, and writes it again afterwards. Such a
   * commit frees the tables that lie inside its spans. `purge` also frees tables that share a file with others, but it
   * needs room of its own.
   * @defaultValue 1 MiB; 0 with a `fileSystem` of your own
   */
  readonly diskReserveBytes?: number;
  /**
   * The file system that the store works on, for tests that record operations or make them fail. With an own
   * `fileSystem` all file work runs on the calling thread.
   * @defaultValue Node's file system, in worker threads
   */
  readonly fileSystem?: FileSystem;
}

/** Options of `open`, as in classic-level. They apply to all generations until the store closes. */
export interface StoreOpenOptions extends AbstractOpenOptions, Partial<LevelOptions> {
  /** Only `false` is supported: other threads and processes read a store with `openReadOnly`. @defaultValue false */
  readonly multithreading?: boolean;
}

const MAX_RESERVE_BYTES = 1024 * MIB;

/** Below this size a copy costs little more than an index, and keeps no other bytes alive. */
const DEFAULT_SHARED_BYTES = 128 * KIB;

/** Returns the policy of splits that the options ask for. @throws EngineError SSTITCH_OPTION_INVALID */
export function splitPolicyOf(
  options: Pick<StoreOptions<unknown, unknown>, 'splitTables' | 'shareTablesFromBytes'>,
): SplitPolicy {
  const { splitTables = 'share', shareTablesFromBytes: fromBytes = DEFAULT_SHARED_BYTES } = options;
  if (splitTables !== 'share' && splitTables !== 'copy') {
    throw optionInvalid("splitTables must be 'share' or 'copy'");
  }
  if (typeof fromBytes !== 'number' || !(fromBytes >= 0)) {
    throw optionInvalid('shareTablesFromBytes must be a number of bytes, 0 or more');
  }
  return splitTables === 'copy' ? COPY_PARTS : { mode: 'share', fromBytes };
}

/** Returns the size of the disk reserve that the options ask for. @throws EngineError SSTITCH_OPTION_INVALID */
export function diskReserveBytesOf(
  options: Pick<StoreOptions<unknown, unknown>, 'diskReserveBytes' | 'fileSystem'>,
): number {
  const { fileSystem, diskReserveBytes: bytes = fileSystem === undefined ? MIB : 0 } = options;
  if (Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= MAX_RESERVE_BYTES) return bytes;
  throw optionInvalid('diskReserveBytes must be from 0 to 1 GiB');
}

/** Checks the options of `open` and of the constructors. @throws EngineError SSTITCH_OPTION_INVALID */
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
      'multithreading is not supported: one thread opens a store; use openReadOnly in the others',
    );
  }
  levelOptionsOf(options);
}

/** The durability of a write, as in classic-level. */
export interface WriteDurability {
  /** Fulfil the promise only once the write survives a power cut. @defaultValue false */
  readonly sync?: boolean;
}
