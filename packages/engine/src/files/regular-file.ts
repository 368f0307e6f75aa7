// Reads files of a store that somebody else may have put there: a link would lead out of the store, a
// device or a pipe would never end.
import type { FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';

/**
 * Reads a whole file that must be a regular one, of a bounded size.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT; ENOENT as the file system gives it
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
      `a file of ${sizeBytes} bytes is no such file: the most is ${maxSizeBytes}`,
      { path },
    );
  }
  return fileSystem.readFile(path);
}

/** What a path turned out to be, for messages. */
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
