// Where the bytes of a log come from: memory, or a file that is read piece by piece, as a log may be larger
// than memory (one batch of 2 GB is one record).
import type { FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { describeKind } from '../files/regular-file.js';

/** A log's bytes. */
export interface LogSource {
  readonly sizeBytes: number;
  /** The block that begins at `start`; short at the end of the log. Valid until the next call, unless it is memory. */
  block(start: number): Uint8Array;
}

/**
 * LevelDB begins a new log when the memtable is over its size, which is below 4 GiB, and a batch is one write: a
 * longer file is no log, and reading it (it may be sparse) would take as long as somebody likes.
 */
export const MAX_LOG_SIZE_BYTES = 8 * 1024 ** 3;

const BLOCK_BYTES = 32_768;
/** Whole blocks. */
const WINDOW_BYTES = 16 * BLOCK_BYTES;

export function memorySource(bytes: Uint8Array): LogSource {
  return {
    sizeBytes: bytes.byteLength,
    block: (start) => bytes.subarray(start, start + BLOCK_BYTES),
  };
}

/**
 * Checks that a path is a file that can be a log, before anything of it is read or copied.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT where the path is no file, or one too long for a log
 */
export function checkLogFile(fileSystem: FileSystem, path: string): void {
  const { kind, sizeBytes } = fileSystem.status(path);
  if (kind !== 'file') {
    throw new EngineError('SSTITCH_STORE_CORRUPT', `${describeKind(kind)} is not a log`, { path });
  }
  if (sizeBytes > MAX_LOG_SIZE_BYTES) {
    const message = `a file of ${sizeBytes} bytes is no log: LevelDB writes none above ${MAX_LOG_SIZE_BYTES}`;
    throw new EngineError('SSTITCH_STORE_CORRUPT', message, { path });
  }
}

/**
 * Reads a log file, which may grow meanwhile: as far as it went at the beginning.
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
