// Keeps links to the logs that LevelDB is about to replay, until it is known that LevelDB replayed them.
//
// LevelDB silently skips and then removes a log that it cannot open or read (too many open files, an I/O error). So
// before it opens a directory, each log that is not empty is linked into a set:
//
//   recovery/gen-000007.1234.a1b2c3/000012.log   a set: the logs of a generation, at MANIFEST sequence 1234
//   recovery/gen-000007.1234.a1b2c3.tmp/         a set that is being made
//   recovery/apply-gen-000007.1234.a1b2c3/       a set that is being replayed by the store
//   recovery.done/                               obsolete sets that are being removed
//
// Once LevelDB has opened the directory, and so holds its lock, the sets are settled:
//
// - A set of one log, with sequences beyond its MANIFEST's that the MANIFEST now covers, was replayed to its end.
// - The store replays any other set, log by log. Puts and deletes do not depend on the state, so replaying them over a
//   state that has a part of them results in the same final state, as long as nothing was written since.
// - A set is obsolete if the directory was written to since. LevelDB numbers operations, so a database whose sequence
//   is beyond both the set's logs and its MANIFEST was written to. Such sets exist because a process that finds the
//   database locked has made a set too, and may be killed before it removes it.
//
// Invariant: no set is left when the open ends, as replaying it later would undo newer writes. A set is renamed to
// `apply-` before its replay, which itself advances the database's sequence.

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

/** The most attempts to settle. An attempt fails if another process removes its set of logs meanwhile. */
const MAX_SETTLE_ROUNDS = 100;

/** A database's directory, and the directory that holds its sets. */
export interface LoggedDirectory {
  /** The directory that holds `recovery`. */
  readonly root: string;
  /** The name of the database's directory, with which the names of its sets begin. */
  readonly label: string;
  /** The database's directory. */
  readonly directory: string;
}

export interface KeepLogsInput extends LoggedDirectory {
  /** The MANIFEST's last sequence. */
  readonly lastSequence: number;
  /** The logs that are not empty, at least one, ascending. */
  readonly logs: readonly LogFacts[];
}

/** Makes a set. Returns its name, or undefined if a log has vanished because another process uses the database. */
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

/** Removes a set after LevelDB failed to open the directory, in which case it has not touched the logs. */
function forgetLogs(fileSystem: FileSystem, { root, name }: ForgetLogsInput): void {
  const recovery = `${root}/${RECOVERY_DIRECTORY}`;
  const temporary = `${recovery}/${name}${TEMPORARY_SUFFIX}`;
  try {
    // Renamed first, so that a partly removed set is not taken for a complete one.
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
  /** The set that this open made, if any, and its logs. */
  readonly own: { readonly name: string; readonly logs: readonly LogFacts[] } | undefined;
}

/** Logs that the store has to replay. */
export interface UnreplayedLogs {
  /** In order, each with the number of sound bytes that `scanLog` found. */
  readonly logs: ReadonlyArray<{ readonly path: string; readonly soundBytes: number }>;
}

/**
 * Finds the logs that the store has to replay; see the top of this file. It runs after LevelDB has opened the directory
 * and before anything is written to it. Processes that find the database locked may remove their sets meanwhile.
 *
 * @returns undefined if there is nothing to replay; all sets are removed then
 * @throws EngineError SSTITCH_STORE_CORRUPT if a kept log is damaged
 */
function settleLogs(
  fileSystem: FileSystem,
  input: SettleLogsInput,
  checkCancelled: () => void,
): UnreplayedLogs | undefined {
  for (let round = 1; ; round++) {
    try {
      return settleOnce(fileSystem, input, checkCancelled);
    } catch (error) {
      if (errorCodeOf(error) !== 'ENOENT' || round === MAX_SETTLE_ROUNDS) throw error;
    }
  }
}

function settleOnce(
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
  // Among sets with the same greatest sequence, the one with the most logs includes the logs of the others.
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
  /** How many logs are not empty. */
  readonly logs: number;
  /** The greatest sequence in the logs. */
  readonly lastLogged: number;
  /** The MANIFEST's sequence when the set was made. A compaction may have recorded one beyond the logs'. */
  readonly recorded: number;
}

/** Returns the numbers of a set's logs, ascending. */
export function logsIn(fileSystem: FileSystem, path: string): number[] {
  return fileSystem
    .readdir(path)
    .map(parseLevelFileName)
    .flatMap((name) => (name?.kind === 'log' ? [name.number] : []))
    .sort((a, b) => a - b);
}

/** Removes all sets. Once it returns, none reappears after a crash. */
function dropKeptLogs(fileSystem: FileSystem, { root }: Pick<LoggedDirectory, 'root'>): void {
  const done = `${root}/${RECOVERED_DIRECTORY}`;
  removeTree(fileSystem, done);
  // The directory is renamed first, as a partly removed set would be taken for a complete one.
  fileSystem.rename(`${root}/${RECOVERY_DIRECTORY}`, done);
  fileSystem.fsyncDir(root);
  removeTree(fileSystem, done);
}

export const dropKeptLogsTask = defineTask('dropKeptLogs', dropKeptLogs);
