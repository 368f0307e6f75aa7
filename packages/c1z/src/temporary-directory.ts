// Temporary directories that are removed when their process exits or, if it was killed, when the next such
// directory is created.
//
//   <prefix><owner>-<pid>-<random>   owner: 8 digits of the host and, on Linux, of the process namespace, in
//                                    which process ids are valid
import { createHash } from 'node:crypto';
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { C1zError, messageOf } from './errors.js';

const left = new Set<string>();
/** Threads that end with the process may write to a directory while it is removed. */
const REMOVE = { recursive: true, force: true, maxRetries: 10 } as const;

/** Removes all directories that this process has created and not removed. */
function removeLeftDirectories(): void {
  for (const directory of left) rmSync(directory, REMOVE);
}

/**
 * Creates a directory that only this user can access, and removes directories with the same prefix whose
 * processes have ended.
 *
 * @param prefix the prefix of the directory's name
 * @param parent the parent directory
 * @throws C1zError SSTITCH_FILE_OPERATION
 */
export async function makeTemporaryDirectory(prefix: string, parent = tmpdir()): Promise<string> {
  try {
    const own = `${prefix}${ownerOf()}-`;
    await removeStale(parent, own);
    // Synchronous: an exit between the creation and its registration would leave the directory.
    const directory = mkdtempSync(join(parent, `${own}${process.pid}-`));
    if (left.size === 0) process.once('exit', removeLeftDirectories);
    left.add(directory);
    return directory;
  } catch (cause) {
    throw new C1zError(
      'SSTITCH_FILE_OPERATION',
      `cannot create a temporary directory: ${messageOf(cause)}`,
      {
        path: parent,
        cause,
      },
    );
  }
}

/** Removes a temporary directory and its contents. */
export async function removeTemporaryDirectory(directory: string): Promise<void> {
  await rm(directory, REMOVE);
  left.delete(directory);
  if (left.size === 0) process.off('exit', removeLeftDirectories);
}

function ownerOf(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not on Linux, where the host has one namespace.
  }
  return createHash('sha256').update(`${hostname()}\n${namespace}`).digest('hex').slice(0, 8);
}

/** Removes stale directories. Ignores failures: the directory is another user's, or another process removes it. */
async function removeStale(parent: string, own: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(own) ? /^(\d+)-/.exec(name.slice(own.length))?.[1] : undefined;
    if (pid === undefined || isAlive(Number(pid))) continue;
    const directory = join(parent, name);
    const found = await lstat(directory).catch(() => undefined);
    if (
      found?.isDirectory() !== true ||
      (process.getuid !== undefined && found.uid !== process.getuid())
    )
      continue;
    await rm(directory, REMOVE).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
