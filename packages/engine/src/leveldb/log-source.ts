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
 * Reads a log file, which may grow meanwhile: as far as it went at the beginning.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT where the path is no file
 */
export function withLogFile<T>(
  fileSystem: FileSystem,
  path: string,
  read: (source: LogSource) => T,
): T {
  const { kind } = fileSystem.status(path);
  if (kind !== 'file') {
    throw new EngineError('SSTITCH_STORE_CORRUPT', `${describeKind(kind)} is not a log`, { path });
  }
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
