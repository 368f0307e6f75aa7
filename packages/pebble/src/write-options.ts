// The options of writing, their defaults and checks.

import type { FileSystem } from '@sstitch/sst';
import { checkCount, NEWEST_FORMAT_VERSION, refused } from './options.js';

/** The file operations that writing to a directory needs. `nodeFileSystem` of @sstitch/sst has them. */
export type WritableFileSystem = Pick<
  FileSystem,
  'open' | 'readdir' | 'mkdir' | 'removeDirectory' | 'unlink' | 'fsyncDir'
>;

/** Options of `writePebbleDatabase`. */
export interface WriteOptions {
  /** Aborts the writing between two entries, with an AbortError whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The file system of the target directory; not used with a sink.
   *
   * @defaultValue `nodeFileSystem` of @sstitch/sst
   */
  readonly fileSystem?: WritableFileSystem | undefined;
  /**
   * The size at which a table ends: 64 KiB to 1 GiB. One table is in memory at a time.
   *
   * @defaultValue 16,777,216
   */
  readonly tableSizeBytes?: number | undefined;
  /**
   * The uncompressed size at which a block ends: 1 KiB to 4 MiB.
   *
   * @defaultValue 32,768
   */
  readonly blockSizeBytes?: number | undefined;
  /**
   * The compression of blocks. LevelDB reads only these two.
   *
   * @defaultValue 'snappy'
   */
  readonly compression?: 'snappy' | 'none' | undefined;
  /**
   * Bits a key in LevelDB's Bloom filters, which speed up lookups of missing keys. Pebble does not use them.
   *
   * @defaultValue 0: no filters
   */
  readonly bloomBitsPerKey?: 0 | 10 | undefined;
  /**
   * Pebble's format major version: 13 to 24. A Pebble that does not know it refuses the database; one that does
   * can upgrade it.
   *
   * @defaultValue 13, which all versions of Pebble 2 open
   */
  readonly formatVersion?: number | undefined;
  /**
   * Whether to write CURRENT, without which LevelDB treats the directory as empty. Pebble does not need it.
   *
   * @defaultValue true
   */
  readonly current?: boolean | undefined;
}

/** Checked options, with the defaults filled in. */
export interface CheckedWriteOptions {
  readonly tableSizeBytes: number;
  readonly blockSizeBytes: number;
  readonly compression: 'snappy' | 'none';
  readonly bloomBitsPerKey: 0 | 10;
  readonly formatVersion: number;
  readonly current: boolean;
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;
/** The oldest format that Pebble 2 opens: FormatFlushableIngest. */
const OLDEST_FORMAT_VERSION = 13;

/** Checks the options. @throws PebbleError `SSTITCH_PEBBLE_OPTIONS` for a value out of range */
export function checkWriteOptions(options: WriteOptions): CheckedWriteOptions {
  const { compression = 'snappy', bloomBitsPerKey = 0, current = true } = options;
  if (compression !== 'snappy' && compression !== 'none') {
    throw refused('compression', compression, `'snappy' or 'none', the two that LevelDB reads`);
  }
  if (bloomBitsPerKey !== 0 && bloomBitsPerKey !== 10) {
    throw refused('bloomBitsPerKey', bloomBitsPerKey, '0 or 10');
  }
  if (typeof current !== 'boolean') throw refused('current', current, 'true or false');
  const { tableSizeBytes = 16 * MIB, blockSizeBytes = 32 * KIB } = options;
  const { formatVersion = OLDEST_FORMAT_VERSION } = options;
  return {
    tableSizeBytes: checkCount('tableSizeBytes', tableSizeBytes, 64 * KIB, 1024 * MIB),
    blockSizeBytes: checkCount('blockSizeBytes', blockSizeBytes, KIB, 4 * MIB),
    compression,
    bloomBitsPerKey,
    formatVersion: checkCount(
      'formatVersion',
      formatVersion,
      OLDEST_FORMAT_VERSION,
      NEWEST_FORMAT_VERSION,
    ),
    current,
  };
}
