import { SstError } from '../errors.js';

/** How a table is built. The defaults are LevelDB's. */
export interface TableOptions {
  /**
   * The size before compression at which a data block ends, in bytes: 1 KiB to 4 MiB.
   *
   * @defaultValue 4096
   */
  readonly blockSizeBytes?: number | undefined;
  /**
   * The number of entries from one restart point to the next: 1 to 1024.
   *
   * @defaultValue 16
   */
  readonly restartInterval?: number | undefined;
  /**
   * The compression of blocks. With `snappy`, a block stays raw if compression saves less than an eighth.
   *
   * @defaultValue 'snappy'
   */
  readonly compression?: 'snappy' | 'none' | undefined;
  /**
   * The number of bits per key in the bloom filter: 10, as in classic-level, or 0 for no filter.
   *
   * @defaultValue 10
   */
  readonly bloomBitsPerKey?: 0 | 10 | undefined;
  /**
   * Add a seal, with which a reader can trust index and filter without decoding them (`TableReaderOptions.validate`).
   * The file then differs from what LevelDB writes: it is about a hundred bytes longer. LevelDB ignores the seal.
   *
   * @defaultValue false
   */
  readonly seal?: boolean | undefined;
  /**
   * Write the properties block that Pebble and RocksDB require, so that their databases can hold the table too. The
   * file then differs from what LevelDB writes: it is about 400 bytes longer. LevelDB ignores the block.
   *
   * @defaultValue false
   */
  readonly properties?: boolean | undefined;
  /** The file's path, for messages only. */
  readonly path?: string | undefined;
}

/** Checked options with defaults filled in. */
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
export const MAX_RESTART_INTERVAL = 1024;

/** Checks options and fills in defaults. @throws SstError `SSTITCH_TABLE_OPTIONS` */
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
      MAX_RESTART_INTERVAL,
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
  throw refused(name, value, `an integer from ${minimum} to ${maximum}`);
}

function refused(name: string, value: unknown, wanted: string): SstError {
  return new SstError('SSTITCH_TABLE_OPTIONS', `${name} is ${String(value)}: it must be ${wanted}`);
}
