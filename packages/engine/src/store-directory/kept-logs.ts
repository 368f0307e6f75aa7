// Links to the logs that LevelDB is about to replay, kept until it is known that it did.
//
// LevelDB passes over a log that it cannot open or read (too many open files, an I/O error), says nothing, and
// removes it. So before it opens a directory, each of its logs that holds something gets a further name:
//
//   recovery/gen-000007.1234.a1b2c3/000012.log   a set: the logs of a generation, at MANIFEST sequence 1234
//   recovery/gen-000007.1234.a1b2c3.tmp/         a set that is being made
//   recovery/apply-gen-000007.1234.a1b2c3/       a set that is being written to the database again
//   recovery.done/                               sets that are of no use any more, being removed
//
// What is done with them is decided when LevelDB has opened the directory, which means that its lock is held:
//
// - One log, with sequences beyond the MANIFEST's, and a MANIFEST that has them now: it was replayed to its end.
// - Otherwise all logs of the set are written to the database once more, in order. Puts and deletes are blind, so
//   over any state that has a part of them the end is the same, as long as nothing was written since.
// - A set whose directory was written to since is of no use. LevelDB numbers operations, and a database that has
//   gone further than both the set's logs and its MANIFEST has been written to. (Whoever finds the database
//   locked has made a set too, and may be killed before it removes it.)
//
// Before the store is handed out, no set is left: one that is replayed later would undo newer writes. A set that
// is being written again is renamed first, since the database goes further by that itself.

import { randomBytes } from 'node:crypto';
import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import { linkOrCopy, removeTree } from '../files/place-file.js';
import { damagedLog } from '../leveldb/damaged-log.js';
import { logFileName, parseLevelFileName } from '../leveldb/file-names.js';
import type { LogFacts } from '../leveldb/inspect-generation.js';
import { readVersion } from '../leveldb/manifest.js';
import { type LogScan, scanLog } from '../leveldb/scan-log.js';
import { defineTask } from '../threads/task.js';
import { isThere, mkdir, RECOVERED_DIRECTORY, RECOVERY_DIRECTORY } from './store-files.js';

const APPLY_PREFIX = 'apply-';
const TEMPORARY_SUFFIX = '.tmp';
const SET_NAME = /^(apply-)?(.+)\.(\d{1,16})\.[0-9a-f]+$/;

/** Where the sets are, and what they are of. */
export interface LoggedDirectory {
  /** The directory in which the directory `recovery` is made. */
  readonly root: string;
  /** The name of the database's directory, which sets begin with. */
  readonly label: string;
  /** The database's directory. */
  readonly directory: string;
}

export interface KeepLogsInput extends LoggedDirectory {
  /** The MANIFEST's. */
  readonly lastSequence: number;
  /** Logs that hold something, ascending; not empty. */
  readonly logs: readonly LogFacts[];
}

/** Makes a set and gives its name; undefined where a log is gone: another process flushes, or clears up. */
export function keepLogs(fileSystem: FileSystem, input: KeepLogsInput): string | undefined {
  const { root, label, directory, lastSequence, logs } = input;
  const recovery = `${root}/${RECOVERY_DIRECTORY}`;
  const name = `${label}.${lastSequence}.${randomBytes(6).toString('hex')}`;
  const path = `${recovery}/${name}`;
  const temporary = `${path}${TEMPORARY_SUFFIX}`;
  try {
    mkdir(fileSystem, { directory: recovery });
    fileSystem.mkdir(temporary);
    for (const { number } of logs) {
      const log = logFileName(number);
      linkOrCopy(fileSystem, `${directory}/${log}`, `${temporary}/${log}`);
    }
    fileSystem.fsyncDir(temporary);
    fileSystem.rename(temporary, path);
    fileSystem.fsyncDir(recovery);
    fileSystem.fsyncDir(root);
    return name;
  } catch (error) {
    removeTree(fileSystem, temporary);
    removeTree(fileSystem, path);
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export const keepLogsTask = defineTask('keepLogs', keepLogs);

export interface ForgetLogsInput {
  readonly root: string;
  readonly name: string;
}

/** Removes a set of which the logs were not touched: LevelDB did not open the directory. */
function forgetLogs(fileSystem: FileSystem, { root, name }: ForgetLogsInput): void {
  const recovery = `${root}/${RECOVERY_DIRECTORY}`;
  const temporary = `${recovery}/${name}${TEMPORARY_SUFFIX}`;
  try {
    // Half a set must not look like a whole one.
    fileSystem.rename(`${recovery}/${name}`, temporary);
  } catch (error) {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
  }
  removeTree(fileSystem, temporary);
  try {
    fileSystem.removeDirectory(recovery);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

export const forgetLogsTask = defineTask('forgetLogs', forgetLogs);

export interface SettleLogsInput extends LoggedDirectory {
  /** The set that was made for this opening, and what was found in its logs. */
  readonly own: { readonly name: string; readonly logs: readonly LogFacts[] } | undefined;
}

/** Logs that are to be written to the database again. */
export interface UnreplayedLogs {
  /** In order, each with what `scanLog` says of where it ends. */
  readonly logs: ReadonlyArray<{ readonly path: string; readonly soundBytes: number }>;
}

/**
 * Finds out, once LevelDB has opened the directory and before anything is written to it, whether logs are to be
 * written again; see the head of this file. Undefined where none are: then no set is left.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT for a kept log that is damaged
 */
function settleLogs(
  fileSystem: FileSystem,
  input: SettleLogsInput,
  checkCancelled: () => void,
): UnreplayedLogs | undefined {
  const recovery = `${input.root}/${RECOVERY_DIRECTORY}`;
  if (!isThere(fileSystem, recovery)) {
    removeTree(fileSystem, `${input.root}/${RECOVERED_DIRECTORY}`);
    return undefined;
  }
  const name = nameOfUnreplayed(fileSystem, input, checkCancelled);
  if (name === undefined) {
    dropKeptLogs(fileSystem, input);
    return undefined;
  }
  let path = `${recovery}/${name}`;
  if (!name.startsWith(APPLY_PREFIX)) {
    const applied = `${recovery}/${APPLY_PREFIX}${name}`;
    fileSystem.rename(path, applied);
    fileSystem.fsyncDir(recovery);
    path = applied;
  }
  const logs = logsIn(fileSystem, path).map((number) => {
    const log = `${path}/${logFileName(number)}`;
    return { path: log, soundBytes: soundScan(fileSystem, log, checkCancelled).soundBytes };
  });
  return { logs };
}

export const settleLogsTask = defineTask('settleLogs', settleLogs);

function nameOfUnreplayed(
  fileSystem: FileSystem,
  { root, label, directory, own }: SettleLogsInput,
  checkCancelled: () => void,
): string | undefined {
  const recovery = `${root}/${RECOVERY_DIRECTORY}`;
  const sets: KeptSet[] = [];
  for (const name of fileSystem.readdir(recovery)) {
    const match = SET_NAME.exec(name);
    if (match?.[2] !== label) continue;
    if (match[1] !== undefined) return name;
    const logs =
      own?.name === name
        ? own.logs
        : logsIn(fileSystem, `${recovery}/${name}`).flatMap((number): LogFacts[] => {
            const path = `${recovery}/${name}/${logFileName(number)}`;
            const { lastSequence } = soundScan(fileSystem, path, checkCancelled);
            return lastSequence === undefined ? [] : [{ number, lastSequence }];
          });
    const lastLogged = Math.max(0, ...logs.map(({ lastSequence }) => lastSequence));
    const recorded = Number(match[3]);
    sets.push({ name, logs: logs.length, lastLogged, recorded });
  }
  const now = readVersion(fileSystem, directory).lastSequence;
  const reached = (set: KeptSet) => Math.max(set.lastLogged, set.recorded);
  const furthest = Math.max(now, ...sets.map(reached));
  // Of sets that have gone as far, the one with most logs has those of the others.
  const [set] = sets
    .filter((one) => reached(one) === furthest && one.logs > 0)
    .sort((a, b) => b.logs - a.logs);
  if (set === undefined) return undefined;
  const isReplayed = set.logs === 1 && set.recorded < set.lastLogged && now >= set.lastLogged;
  return isReplayed ? undefined : set.name;
}

function soundScan(fileSystem: FileSystem, path: string, checkCancelled: () => void): LogScan {
  const scan = scanLog(fileSystem, path, { checkCancelled });
  if (scan.damage !== undefined) throw damagedLog(scan.damage);
  return scan;
}

interface KeptSet {
  readonly name: string;
  /** How many hold something. */
  readonly logs: number;
  readonly lastLogged: number;
  /** The MANIFEST's sequence when the set was made. It may be beyond that of the logs, as a compaction records it. */
  readonly recorded: number;
}

/** The logs of a set, ascending. */
export function logsIn(fileSystem: FileSystem, path: string): number[] {
  return fileSystem
    .readdir(path)
    .map(parseLevelFileName)
    .flatMap((name) => (name?.kind === 'log' ? [name.number] : []))
    .sort((a, b) => a - b);
}

/** Removes all sets. Returns when none can come back. */
function dropKeptLogs(fileSystem: FileSystem, { root }: Pick<LoggedDirectory, 'root'>): void {
  const done = `${root}/${RECOVERED_DIRECTORY}`;
  removeTree(fileSystem, done);
  // At once: half a set would be written to the database as a whole one.
  fileSystem.rename(`${root}/${RECOVERY_DIRECTORY}`, done);
  fileSystem.fsyncDir(root);
  removeTree(fileSystem, done);
}

export const dropKeptLogsTask = defineTask('dropKeptLogs', dropKeptLogs);
