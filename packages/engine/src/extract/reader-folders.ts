// The private copies of read-only opens: store/readers/<process id>-<n>, each made and removed by the
// process that reads it. The store's owner removes those of processes that are gone.
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { READERS_FOLDER } from '../store-files.js';

const READER_NAME = /^(\d{1,10})-\d{1,10}$/;

export function readerFolderName(processId: number, count: number): string {
  return `${processId}-${count}`;
}

/** Names of copies whose process is not running on this machine. */
export function listStaleReaders(
  fileSystem: FileSystem,
  { folder }: { readonly folder: string },
): string[] {
  let names: string[];
  try {
    names = fileSystem.readFolder(`${folder}/${READERS_FOLDER}`);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return names.filter((name) => {
    const processId = READER_NAME.exec(name)?.[1];
    return processId !== undefined && !isRunning(Number(processId));
  });
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return errorCodeOf(error) !== 'ESRCH';
  }
}
