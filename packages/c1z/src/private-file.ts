// Temporary files for decoded data.
import { openSync, writeSync } from 'node:fs';
import { C1zError, messageOf } from './errors.js';

/**
 * Creates a file that only this user can access, open for reading and writing.
 * @param source the path of the .c1z file, for messages
 * @throws C1zError SSTITCH_FILE_OPERATION
 */
export function newPrivateFile(path: string, source: string): number {
  try {
    return openSync(path, 'wx+', 0o600);
  } catch (cause) {
    throw new C1zError('SSTITCH_FILE_OPERATION', `cannot create ${path}: ${messageOf(cause)}`, {
      path: source,
      cause,
    });
  }
}

/**
 * Appends all of `bytes`.
 * @throws C1zError SSTITCH_FILE_OPERATION
 */
export function appendToPrivateFile(
  fileDescriptor: number,
  bytes: Uint8Array,
  source: string,
): void {
  try {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(fileDescriptor, bytes, written);
    }
  } catch (cause) {
    throw new C1zError(
      'SSTITCH_FILE_OPERATION',
      `cannot write the decoded file: ${messageOf(cause)}`,
      { path: source, cause },
    );
  }
}
