// The bytes of a log, in memory or in a file. A file is read in windows, since a log can be larger than memory: a batch
// of 2 GB is a single record.
import type { FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { describeKind } from '../files/regular-file.js';

/** A log's bytes. */
export interface LogSource {
  readonly sizeBytes: number;
  /**
   * Returns the block that begins at `start`, which is shorter at the log's end. It is valid until the next call,
   * unless the source is memory.
   */
  block(start: number): Uint8Array;
}

/**
 * The limit of a log's size. LevelDB starts a new log when the memtable reaches its limit, which is below 4 GiB, and the
 * last write is one batch. A longer file is not a log, and, being possibly sparse, could take arbitrarily long to read.
 */
export const MAX_LOG_SIZE_BYTES = 8 * 1024 ** 3;

const BLOCK_BYTES = 32_768;
/** A multiple of the block size. */
const WINDOW_BYTES = 16 * BLOCK_BYTES;

/** Makes a source of bytes in memory. */
export function memorySource(bytes: Uint8Array): LogSource {
  return {
    sizeBytes: bytes.byteLength,
    block: (start) => bytes.subarray(start, start + BLOCK_BYTES),
  };
}

/**
 * Checks that a path is a regular file that is not too long for a log.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT
 */
export function checkLogFile(fileSystem: FileSystem, path: string): void {
  const { kind, sizeBytes } = fileSystem.status(path);
  if (kind !== 'file') {
    throw new EngineError('SSTITCH_STORE_CORRUPT', `${describeKind(kind)} is not a log`, { path });
  }
  if (sizeBytes > MAX_LOG_SIZE_BYTES) {
    const message = `a log has ${sizeBytes} bytes, more than the limit of ${MAX_LOG_SIZE_BYTES}`;
    throw new EngineError('SSTITCH_STORE_CORRUPT', message, { path });
  }
}

/**
 * Opens a log file for `read`. The file may grow meanwhile; the source ends where the file ended when it was opened.
 *
 * @throws what `checkLogFile` throws
 */
export function withLogFile<T>(
  fileSystem: FileSystem,
  path: string,
  read: (source: LogSource) => T,
): T {
  checkLogFile(fileSystem, path);
  const file = fileSystem.open(path, 'read');
  try {
    const sizeBytes = file.sizeBytes();
    const window = new Uint8Array(Math.min(WINDOW_BYTES, sizeBytes));
    let windowStart = 0;
    let filled = 0;
    return read({
      sizeBytes,
      block(start) {
        if (start < windowStart || start >= windowStart + filled) {
          windowStart = start;
          const wanted = Math.min(window.byteLength, sizeBytes - start);
          filled = file.read(window.subarray(0, wanted), start);
        }
        const at = start - windowStart;
        return window.subarray(at, Math.min(at + BLOCK_BYTES, filled));
      },
    });
  } finally {
    file.close();
  }
}
