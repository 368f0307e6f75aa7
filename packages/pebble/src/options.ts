// Options, their defaults and their checks.

import type { FileSystem } from '@sstitch/sst';
import { PebbleError } from './errors.js';

/** Pebble 2.1's newest format major version: value separation. */
export const NEWEST_FORMAT_VERSION = 24;

/** The file operations that a reader needs. `nodeFileSystem` of @sstitch/sst has them. */
export type ReadableFileSystem = Pick<FileSystem, 'open' | 'readdir' | 'status'>;

/** How much a database may take. What goes beyond a limit is refused with the option's name. */
export interface PebbleLimits {
  /**
   * The largest block of a table in bytes, compressed or not. A block holds at least one entry, so
   * this bounds a key and its value as well.
   *
   * @defaultValue 67,108,864
   */
  readonly maxBlockBytes?: number | undefined;
  /**
   * The largest MANIFEST in bytes.
   *
   * @defaultValue 268,435,456
   */
  readonly maxManifestBytes?: number | undefined;
  /**
   * The most tables in the database.
   *
   * @defaultValue 1,000,000
   */
  readonly maxTables?: number | undefined;
  /**
   * The most memory in bytes for what the WALs hold, since all of it is sorted in memory: keys,
   * values, and 256 bytes for each entry.
   *
   * @defaultValue 268,435,456
   */
  readonly maxLogBytes?: number | undefined;
  /**
   * The most memory in bytes for blocks, indexes and range deletions of the tables that are open.
   *
   * @defaultValue 1,073,741,824
   */
  readonly maxOpenBytes?: number | undefined;
  /**
   * The most range deletions in one table, and in force at one key of a scan.
   *
   * @defaultValue 1,000,000
   */
  readonly maxRangeDeletions?: number | undefined;
}

/** How a database is opened. */
export interface PebbleOptions extends PebbleLimits {
  /**
   * Where the database lies.
   *
   * @defaultValue `nodeFileSystem` of @sstitch/sst
   */
  readonly fileSystem?: ReadableFileSystem | undefined;
  /**
   * What to do where the MANIFEST or the last WAL ends in a chunk that is not whole. A crash of the
   * writer leaves such a chunk, and so does damage.
   *
   * - `refuse`: throw `SSTITCH_PEBBLE_CORRUPT`.
   * - `end`: read up to there, as Pebble does. What follows is lost without a word.
   *
   * @defaultValue 'refuse'
   */
  readonly tornLogs?: 'refuse' | 'end' | undefined;
  /**
   * The most tables that stay open, with their indexes, while no iterator uses them: 0 or more.
   *
   * @defaultValue 64
   */
  readonly idleTables?: number | undefined;
}

/** Checked options, with the defaults filled in. */
export interface CheckedOptions {
  readonly maxBlockBytes: number;
  readonly maxManifestBytes: number;
  readonly maxTables: number;
  readonly maxLogBytes: number;
  readonly maxOpenBytes: number;
  readonly maxRangeDeletions: number;
  readonly tornLogs: 'refuse' | 'end';
  readonly idleTables: number;
}

const MIB = 2 ** 20;

/** Throws `SSTITCH_PEBBLE_OPTIONS` for a value out of range. */
export function checkOptions(options: PebbleOptions): CheckedOptions {
  const { tornLogs = 'refuse' } = options;
  if (tornLogs !== 'refuse' && tornLogs !== 'end') {
    throw refused('tornLogs', tornLogs, `'refuse' or 'end'`);
  }
  return {
    maxBlockBytes: checkCount('maxBlockBytes', options.maxBlockBytes ?? 64 * MIB, 1, 2 ** 30),
    maxManifestBytes: checkCount('maxManifestBytes', options.maxManifestBytes ?? 256 * MIB, 1),
    maxTables: checkCount('maxTables', options.maxTables ?? 1_000_000, 0),
    maxLogBytes: checkCount('maxLogBytes', options.maxLogBytes ?? 256 * MIB, 0),
    maxOpenBytes: checkCount('maxOpenBytes', options.maxOpenBytes ?? 1024 * MIB, 0),
    maxRangeDeletions: checkCount('maxRangeDeletions', options.maxRangeDeletions ?? 1_000_000, 0),
    tornLogs,
    idleTables: checkCount('idleTables', options.idleTables ?? 64, 0),
  };
}

/** Throws `SSTITCH_PEBBLE_OPTIONS` unless `value` is a whole number from `minimum` to `maximum`. */
export function checkCount(
  name: string,
  value: number,
  minimum: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw refused(name, value, `a whole number from ${minimum} to ${maximum}`);
}

/** An argument that is not valid. */
export function refused(name: string, value: unknown, wanted: string): PebbleError {
  return new PebbleError(
    'SSTITCH_PEBBLE_OPTIONS',
    `${name} is ${String(value)}: it must be ${wanted}`,
  );
}
