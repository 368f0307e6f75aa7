// Truncates a damaged log at the damage and removes the logs after it, while the caller holds the database's lock.
//
// The result is one state of the past: the records before the damage, and no later log. Every file that loses something
// is first linked or copied, complete, into the directory `salvaged`.
//
// Crash order: the copies are fsynced; then the later logs are removed, newest first; then the damaged log is replaced
// by rename. Until the rename an open refuses the store, and the salvage can be repeated.

import { dirname } from 'node:path';
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { linkOrCopy, removeTree } from '../files/place-file.js';
import { LOCK_FILE, logFileName } from '../leveldb/file-names.js';
import { inspectGeneration } from '../leveldb/inspect-generation.js';
import { type LogScan, scanLog } from '../leveldb/scan-log.js';
import { defineTask } from '../threads/task.js';
import { logsIn } from './kept-logs.js';
import { isThere, mkdir, RECOVERY_DIRECTORY, SALVAGED_DIRECTORY } from './store-files.js';

const CHUNK_BYTES = 1024 * 1024;

/** A log of which a salvage dropped a part. */
export interface SalvagedLog {
  /** The path of the log. */
  readonly path: string;
  /** The path of the complete log in `salvaged`. */
  readonly copy: string;
  /** The operations in the kept bytes. */
  readonly keptOperations: number;
  /** The bytes of the log that were kept. */
  readonly keptBytes: number;
  /** The bytes of the log that were dropped. */
  readonly droppedBytes: number;
  /** What is wrong with it. Undefined for a log that follows the damaged one. */
  readonly damage: { readonly message: string; readonly offset: number | undefined } | undefined;
}

export interface SalvageFilesInput {
  /** The store's directory. */
  readonly root: string;
  /** The name of the current generation. */
  readonly label: string;
}

/** Salvages the logs of a generation, and the sets of its logs that an interrupted open kept (kept-logs.ts). */
function salvageFiles(
  fileSystem: FileSystem,
  { root, label }: SalvageFilesInput,
  checkCancelled: () => void,
): readonly SalvagedLog[] {
  const directory = `${root}/${label}`;
  const { problems, logNumbers } = inspectGeneration(fileSystem, directory, checkCancelled);
  const [first] = problems;
  // Do not touch a generation that is damaged elsewhere.
  if (first?.error !== undefined) throw first.error;
  const salvaged = salvageLogsOf(
    fileSystem,
    { root, label, directory, numbers: logNumbers },
    checkCancelled,
  );
  for (const name of keptSets(fileSystem, root)) {
    const set = `${root}/${RECOVERY_DIRECTORY}/${name}`;
    const input = { root, label: name, directory: set, numbers: logsIn(fileSystem, set) };
    salvaged.push(...salvageLogsOf(fileSystem, input, checkCancelled));
  }
  return salvaged;
}

export const salvageFilesTask = defineTask('salvageFiles', salvageFiles);

function keptSets(fileSystem: FileSystem, root: string): string[] {
  const recovery = `${root}/${RECOVERY_DIRECTORY}`;
  return isThere(fileSystem, recovery) ? fileSystem.readdir(recovery) : [];
}

interface DirectoryInput extends SalvageFilesInput {
  readonly directory: string;
  /** The numbers of the logs in it, ascending. */
  readonly numbers: readonly number[];
}

function salvageLogsOf(
  fileSystem: FileSystem,
  { root, label, directory, numbers }: DirectoryInput,
  checkCancelled: () => void,
): SalvagedLog[] {
  const scans = numbers.map((number) => {
    const path = `${directory}/${logFileName(number)}`;
    return { number, path, scan: scanLog(fileSystem, path, { checkCancelled }) };
  });
  const damaged = scans.findIndex(({ scan }) => scan.damage !== undefined);
  const [first, ...later] = damaged < 0 ? [] : scans.slice(damaged);
  if (first === undefined) return [];
  mkdir(fileSystem, { directory: `${root}/${SALVAGED_DIRECTORY}` });
  const salvaged = [first, ...later].map(({ number, path, scan }, index): SalvagedLog => {
    const copy = keepCopy(
      fileSystem,
      path,
      `${root}/${SALVAGED_DIRECTORY}/${label}-${logFileName(number)}`,
    );
    return index === 0 ? truncatedLog(path, copy, scan) : droppedLog(path, copy, scan);
  });
  fileSystem.fsyncDir(`${root}/${SALVAGED_DIRECTORY}`);
  fileSystem.fsyncDir(root);
  for (const { path } of later.reverse()) {
    fileSystem.unlink(path);
    fileSystem.fsyncDir(directory);
  }
  truncateLog(fileSystem, first.path, first.scan.soundBytes);
  fileSystem.fsyncDir(directory);
  return salvaged;
}

function truncatedLog(path: string, copy: string, scan: LogScan): SalvagedLog {
  const { damage, operations, soundBytes, sizeBytes } = scan;
  return {
    ...{ path, copy, keptOperations: operations, keptBytes: soundBytes },
    droppedBytes: sizeBytes - soundBytes,
    damage: { message: damage?.message ?? '', offset: damage?.offset },
  };
}

function droppedLog(path: string, copy: string, { sizeBytes }: LogScan): SalvagedLog {
  const nothing = { keptOperations: 0, keptBytes: 0, damage: undefined };
  return { path, copy, droppedBytes: sizeBytes, ...nothing };
}

/** Links or copies a log that is no longer written, under the first free name. */
function keepCopy(fileSystem: FileSystem, path: string, copy: string): string {
  for (let count = 1; ; count++) {
    const free = count === 1 ? copy : `${copy}.${count}`;
    try {
      linkOrCopy(fileSystem, path, free);
      return free;
    } catch (error) {
      if (errorCodeOf(error) !== 'EEXIST') throw error;
    }
  }
}

/** Replaces a log by its first `sizeBytes` bytes. */
function truncateLog(fileSystem: FileSystem, path: string, sizeBytes: number): void {
  // LevelDB removes leftover files with this extension.
  const temporary = path.replace(/\.log$/, '.dbtmp');
  if (isThere(fileSystem, temporary)) fileSystem.unlink(temporary);
  const source = fileSystem.open(path, 'read');
  try {
    const target = fileSystem.open(temporary, 'create');
    try {
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (let position = 0; position < sizeBytes; ) {
        const wanted = chunk.subarray(0, Math.min(CHUNK_BYTES, sizeBytes - position));
        const count = source.read(wanted, position);
        target.write(wanted.subarray(0, count));
        position += count;
      }
      target.sync();
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
  fileSystem.rename(temporary, path);
}

export interface ShareLockInput extends SalvageFilesInput {
  /** The directory to make. */
  readonly directory: string;
}

/** Makes a directory whose LOCK is a link to the generation's. */
function shareLock(fileSystem: FileSystem, { root, label, directory }: ShareLockInput): void {
  mkdir(fileSystem, { directory: dirname(directory) });
  removeTree(fileSystem, directory);
  fileSystem.mkdir(directory);
  const lock = `${root}/${label}/${LOCK_FILE}`;
  // A generation that was never opened has no LOCK. An existing one is not opened: closing it would drop a lock that
  // this process holds on it.
  if (!isThere(fileSystem, lock)) fileSystem.open(lock, 'create').close();
  fileSystem.link(lock, `${directory}/${LOCK_FILE}`);
}

export const shareLockTask = defineTask('shareLock', shareLock);
