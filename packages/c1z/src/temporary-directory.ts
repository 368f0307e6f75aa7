// Temporary directories, with this package's error.
import { makeTemporaryDirectory as make } from '@sstitch/records/temporary-files';
import { C1zError, messageOf } from './errors.js';

/** @throws C1zError SSTITCH_FILE_OPERATION */
export async function makeTemporaryDirectory(prefix: string, parent?: string): Promise<string> {
  try {
    return await make(prefix, parent);
  } catch (cause) {
    const { path } = cause as { readonly path?: string };
    throw new C1zError('SSTITCH_FILE_OPERATION', messageOf(cause), { path, cause });
  }
}
