// Temporary files and directories. They are removed when their process exits or, if it was killed, when another is made
// in the same place.
//
//   <prefix><owner>-<pid>-<random>               a directory
//   .sstitch-<owner>-<pid>-<random>.tmp          a file
//
//   owner    8 digits of the host and, on Linux, of the process namespace, in which process ids are valid
//
// Invariant: what a running process has made is not removed by another. A process whose id another one has taken over
// counts as running.
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordsError } from './errors.js';

const FILE_PREFIX = '.sstitch-';
const left = new Set<string>();
/** Threads that end with the process may write to a directory while it is removed. */
const REMOVE = { recursive: true, force: true, maxRetries: 10 } as const;

/**
 * Creates a directory that only this user can access, and removes directories with the same prefix whose processes have
 * ended.
 *
 * @param prefix the prefix of the directory's name
 * @param parent the parent directory
 * @throws RecordsError SSTITCH_FILE_OPERATION
 */
export async function makeTemporaryDirectory(prefix: string, parent = tmpdir()): Promise<string> {
  try {
    const own = `${prefix}${ownerOf()}-`;
    for (const path of staleIn(parent, await readdir(parent), own, 'directory')) {
      // Another process may remove it too.
      await rm(path, REMOVE).catch(() => undefined);
    }
    // Synchronous: an exit between the creation and its registration would leave the directory.
    return register(mkdtempSync(join(parent, `${own}${process.pid}-`)));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new RecordsError(
      'SSTITCH_FILE_OPERATION',
      `cannot create a temporary directory: ${message}`,
      { path: parent, cause },
    );
  }
}

/**
 * Returns a path in a directory for a file that is renamed when it is complete. Removes the files of processes that have
 * ended.
 */
export function temporaryFileIn(directory: string): string {
  const own = `${FILE_PREFIX}${ownerOf()}-`;
  for (const path of staleIn(directory, namesIn(directory), own, 'file')) {
    try {
      rmSync(path, REMOVE);
    } catch {
      // It is in a directory of another user.
    }
  }
  return register(join(directory, `${own}${process.pid}-${randomBytes(4).toString('hex')}.tmp`));
}

/** Removes a temporary file, or a directory and its contents; nothing if it has been renamed. */
export async function removeTemporary(path: string): Promise<void> {
  await rm(path, REMOVE).catch((error: NodeJS.ErrnoException) => {
    // In a directory that is a file there is nothing.
    if (error.code !== 'ENOTDIR') throw error;
  });
  left.delete(path);
  if (left.size === 0) process.off('exit', removeLeft);
}

function register(path: string): string {
  if (left.size === 0) process.once('exit', removeLeft);
  left.add(path);
  return path;
}

/** Removes all that this process has created and not removed. */
function removeLeft(): void {
  for (const path of left) {
    try {
      rmSync(path, REMOVE);
    } catch {
      // The others are removed all the same, and the process exits as it would have.
    }
  }
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

/** The names in a directory; none if it cannot be listed: what is wrong with it is found when the file is made. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** The paths of what this user's processes have left that have ended. */
function* staleIn(
  parent: string,
  names: readonly string[],
  own: string,
  kind: 'directory' | 'file',
): Generator<string> {
  for (const name of names) {
    const pid = name.startsWith(own) ? /^(\d+)-/.exec(name.slice(own.length))?.[1] : undefined;
    if (pid === undefined || isRunning(Number(pid))) continue;
    const path = join(parent, name);
    if (isOwn(path, kind)) yield path;
  }
}

function isOwn(path: string, kind: 'directory' | 'file'): boolean {
  try {
    const status = lstatSync(path);
    return (
      (kind === 'file' ? status.isFile() : status.isDirectory()) &&
      (process.getuid === undefined || status.uid === process.getuid())
    );
  } catch {
    // Another process has removed it.
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
