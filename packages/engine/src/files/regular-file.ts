// Reads small files of a store that others may have tampered with. A symbolic link would lead out of the store, and a
// device or a pipe might never end.
import type { FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';

/**
 * Reads a regular file of bounded size.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT if it is not a regular file, or too large; the file system's errors
 */
export function readRegularFile(
  fileSystem: FileSystem,
  path: string,
  maxSizeBytes: number,
): Uint8Array {
  const { kind, sizeBytes } = fileSystem.status(path);
  if (kind !== 'file') {
    throw new EngineError('SSTITCH_STORE_CORRUPT', `${describeKind(kind)} is not a file`, { path });
  }
  if (sizeBytes > maxSizeBytes) {
    throw new EngineError(
      'SSTITCH_STORE_CORRUPT',
      `the file has ${sizeBytes} bytes, more than the limit of ${maxSizeBytes}`,
      { path },
    );
  }
  return fileSystem.readFile(path);
}

/** Returns a noun for a kind of file, for messages. */
export function describeKind(kind: ReturnType<FileSystem['status']>['kind']): string {
  switch (kind) {
    case 'file':
      return 'a file';
    case 'directory':
      return 'a directory';
    case 'link':
      return 'a symbolic link';
    default:
      return 'a device or pipe';
  }
}
