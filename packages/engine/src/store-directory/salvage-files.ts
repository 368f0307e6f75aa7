// Splits damaged logs off in front of the damage, once nobody else can have their database open.
//
// What is kept is one moment of the past: the log's records before the damage, and nothing of later logs. Every
// file that loses something gets a further name in the directory `salvaged` first, whole.
//
// Order for crashes: copies are synced; then later logs go, the newest first; the damaged log is replaced last,
// by rename. Until then an open refuses, and a salvage can be made again.

import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { linkOrCopy, parentDirectory, removeTree } from '../files/place-file.js';
import { LOCK_FILE, logFileName } from '../leveldb/file-names.js';
import { inspectGeneration } from '../leveldb/inspect-generation.js';
import { type LogScan, scanLog } from '../leveldb/scan-log.js';
import { defineTask } from '../threads/task.js';
import { logsIn } from './kept-logs.js';
import { isThere, mkdir, RECOVERY_DIRECTORY, SALVAGED_DIRECTORY } from './store-files.js';

const CHUNK_BYTES = 1024 * 1024;

/** A log of which a part was dropped. */
export interface SalvagedLog {
  readonly path: string;
  /** The whole log, as it was. */
  readonly copy: string;
  readonly keptOperations: number;
  readonly keptBytes: number;
  readonly droppedBytes: number;
  /** What is wrong with it; undefined of a log that came after a damaged one. */
  readonly damage: { readonly message: string; readonly offset: number | undefined } | undefined;
}

export interface SalvageFilesInput {
  /** The store. */
  readonly root: string;
  /** The name of the generation in force. */
  readonly label: string;
}

/** Salvages the logs of a generation, and of what an opening that never ended has kept of them. */
function salvageFiles(
  fileSystem: FileSystem,
  { root, label }: SalvageFilesInput,
  checkCancelled: () => void,
): readonly SalvagedLog[] {
  const directory = `${root}/${label}`;
  const { problems, logNumbers } = inspectGeneration(fileSystem, directory, checkCancelled);
  const [first] = problems;
  // Damage of another kind is not to be made worse.
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
  /** Of the logs in it, ascending. */
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
  const [split, ...later] = damaged < 0 ? [] : scans.slice(damaged);
  if (split === undefined) return [];
  mkdir(fileSystem, { directory: `${root}/${SALVAGED_DIRECTORY}` });
  const salvaged = [split, ...later].map(({ number, path, scan }, index): SalvagedLog => {
    const copy = copyWhole(
      fileSystem,
      path,
      `${root}/${SALVAGED_DIRECTORY}/${label}-${logFileName(number)}`,
    );
    return index === 0 ? cutLog(path, copy, scan) : droppedLog(path, copy, scan);
  });
  fileSystem.fsyncDir(`${root}/${SALVAGED_DIRECTORY}`);
  fileSystem.fsyncDir(root);
  for (const { path } of later.reverse()) {
    fileSystem.unlink(path);
    fileSystem.fsyncDir(directory);
  }
  cutOff(fileSystem, split.path, split.scan.soundBytes);
  fileSystem.fsyncDir(directory);
  return salvaged;
}

function cutLog(path: string, copy: string, scan: LogScan): SalvagedLog {
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

/** Gives a log a further name that is not taken. Nothing is written to it any more. */
function copyWhole(fileSystem: FileSystem, path: string, copy: string): string {
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

/** Replaces a log by its first bytes. */
function cutOff(fileSystem: FileSystem, path: string, sizeBytes: number): void {
  // LevelDB removes a file of such a name that it did not make.
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
  /** Directory to make. */
  readonly directory: string;
}

/** Makes a directory of which the LOCK is the generation's. */
function shareLock(fileSystem: FileSystem, { root, label, directory }: ShareLockInput): void {
  mkdir(fileSystem, { directory: parentDirectory(directory) });
  removeTree(fileSystem, directory);
  fileSystem.mkdir(directory);
  const lock = `${root}/${label}/${LOCK_FILE}`;
  // One that was never opened has none. To open another one's, and close it, would drop this process's lock.
  if (!isThere(fileSystem, lock)) fileSystem.open(lock, 'create').close();
  fileSystem.link(lock, `${directory}/${LOCK_FILE}`);
}

export const shareLockTask = defineTask('shareLock', shareLock);
