import { SstError } from './errors.js';

/** How a table is built. The defaults are LevelDB's. */
export interface TableOptions {
  /**
   * A data block ends once it has this many bytes before compression: 1 KiB to 4 MiB.
   *
   * @defaultValue 4096
   */
  readonly blockSizeBytes?: number | undefined;
  /**
   * Entries from one restart point to the next: 1 to 1024.
   *
   * @defaultValue 16
   */
  readonly restartInterval?: number | undefined;
  /**
   * `snappy` keeps a block raw where it saves less than an eighth.
   *
   * @defaultValue 'snappy'
   */
  readonly compression?: 'snappy' | 'none' | undefined;
  /**
   * 10 is what every other filter of a classic-level database has; 0 writes no filter.
   *
   * @defaultValue 10
   */
  readonly bloomBitsPerKey?: 0 | 10 | undefined;
  /**
   * Vouch for index and filter, so that who reads the table may take them unread (`TableReaderOptions.check`). The
   * file is then no more what LevelDB would write: it has some hundred bytes more, which LevelDB passes over.
   *
   * @defaultValue false
   */
  readonly seal?: boolean | undefined;
  /**
   * Write the properties block that Pebble and RocksDB require, so that their databases can hold the table too;
   * LevelDB passes over it. The file is then no more what LevelDB would write: it has some 400 bytes more.
   *
   * @defaultValue false
   */
  readonly properties?: boolean | undefined;
  /** The file's path, for messages alone. */
  readonly path?: string | undefined;
}

/** Checked options, with the defaults filled in. */
export interface CheckedTableOptions {
  readonly blockSizeBytes: number;
  readonly restartInterval: number;
  readonly compression: 'snappy' | 'none';
  readonly bloomBitsPerKey: 0 | 10;
  readonly seal: boolean;
  readonly properties: boolean;
  readonly path: string | undefined;
}

const MINIMUM_BLOCK_SIZE_BYTES = 1024;
const MAXIMUM_BLOCK_SIZE_BYTES = 4 * 1024 * 1024;
const MAXIMUM_RESTART_INTERVAL = 1024;

/** Throws `SSTITCH_TABLE_OPTIONS` for a value out of range. */
export function checkTableOptions(options: TableOptions = {}): CheckedTableOptions {
  const {
    compression = 'snappy',
    bloomBitsPerKey = 10,
    seal = false,
    properties = false,
    path,
  } = options;
  if (compression !== 'snappy' && compression !== 'none') {
    throw refused('compression', compression, `'snappy' or 'none'`);
  }
  if (bloomBitsPerKey !== 0 && bloomBitsPerKey !== 10) {
    throw refused('bloomBitsPerKey', bloomBitsPerKey, '0 or 10');
  }
  if (typeof seal !== 'boolean') throw refused('seal', seal, 'true or false');
  if (typeof properties !== 'boolean') throw refused('properties', properties, 'true or false');
  return {
    blockSizeBytes: checkRange(
      'blockSizeBytes',
      options.blockSizeBytes ?? 4096,
      MINIMUM_BLOCK_SIZE_BYTES,
      MAXIMUM_BLOCK_SIZE_BYTES,
    ),
    restartInterval: checkRange(
      'restartInterval',
      options.restartInterval ?? 16,
      1,
      MAXIMUM_RESTART_INTERVAL,
    ),
    compression,
    bloomBitsPerKey,
    seal,
    properties,
    path,
  };
}

function checkRange(name: string, value: number, minimum: number, maximum: number): number {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw refused(name, value, `a whole number from ${minimum} to ${maximum}`);
}

function refused(name: string, value: unknown, wanted: string): SstError {
  return new SstError('SSTITCH_TABLE_OPTIONS', `${name} is ${String(value)}: it must be ${wanted}`);
}
