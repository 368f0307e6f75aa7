// Inspects a LevelDB directory without reading its tables: checks that its files are regular files, and that all files
// that the MANIFEST lists exist. LevelDB itself finds such faults late, by aborting the process, or never: it opens
// without a missing log, and writes through symbolic links.
//
// The database may be open in this process or another. LevelDB removes a file from the MANIFEST before it deletes it,
// so the MANIFEST is read before the directory, and a fault counts only if the MANIFEST has not changed meanwhile.

import type { FileSystem } from '@sstitch/sst';
import { EngineError, errorCodeOf } from '../errors.js';
import { describeKind, readRegularFile } from '../files/regular-file.js';
import { defineTask } from '../threads/task.js';
import { damagedLog } from './damaged-log.js';
import {
  type LevelFileName,
  logFileName,
  oldTableFileName,
  parseLevelFileName,
  tableFileName,
} from './file-names.js';
import {
  applyEdits,
  checkLogThere,
  MAX_MANIFEST_SIZE_BYTES,
  manifestState,
  readCurrent,
  readEdits,
  type Version,
} from './manifest.js';
import { type CollectedProblem, ProblemList } from './problems.js';
import { scanLog } from './scan-log.js';
import { checkTableSize } from './table-size.js';
import type { VersionEdit } from './version-edit.js';

/** The limit of attempts. An attempt is repeated if the database's owner has changed the MANIFEST meanwhile. */
export const MAX_ROUNDS = 100;

/** A MANIFEST and its contents. */
export interface ReadManifest {
  /** Its name in the directory. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly edits: number;
  readonly version: Version;
  /** The offset of an incomplete last record, if there is one. */
  readonly tornAt: number | undefined;
}

/** A log that LevelDB will replay. */
export interface LogFacts {
  readonly number: number;
  readonly lastSequence: number;
}

/** The contents of a directory, and the problems found. */
export interface InspectedGeneration {
  /** Undefined if it cannot be read. */
  readonly manifest: ReadManifest | undefined;
  /** The file names of the version's tables, in the order of `manifest.version.levels.flat()`. */
  readonly tableNames: readonly string[];
  /** The numbers of the logs that LevelDB would replay, ascending. */
  readonly logNumbers: readonly number[];
  readonly problems: readonly CollectedProblem[];
}

/** Reads CURRENT and the MANIFEST that it names. */
export function readManifestFile(fileSystem: FileSystem, directory: string): ReadManifest {
  const name = readCurrent(fileSystem, directory);
  const path = `${directory}/${name}`;
  const bytes = readRegularFile(fileSystem, path, MAX_MANIFEST_SIZE_BYTES);
  const edits: VersionEdit[] = [];
  const reading = readEdits(bytes, path);
  let next = reading.next();
  for (; !next.done; next = reading.next()) edits.push(next.value);
  return {
    name,
    bytes,
    edits: edits.length,
    version: applyEdits(edits, path),
    tornAt: next.value,
  };
}

/** Inspects a directory; see the top of this file. */
export function inspectGeneration(
  fileSystem: FileSystem,
  directory: string,
  checkCancelled: () => void,
): InspectedGeneration {
  for (let round = 1; ; round++) {
    checkCancelled();
    const before = stateOf(fileSystem, directory);
    const inspected = inspectOnce(fileSystem, directory);
    if (inspected.problems.length === 0 || round === MAX_ROUNDS) return inspected;
    if (stateOf(fileSystem, directory) === before) return inspected;
  }
}

/** Returns a string that changes with every version edit, or that names the fault of a MANIFEST that is unreadable. */
export function stateOf(fileSystem: FileSystem, directory: string): string {
  try {
    return manifestState(fileSystem, directory) ?? 'being replaced';
  } catch (error) {
    return errorCodeOf(error) ?? 'unreadable';
  }
}

function inspectOnce(fileSystem: FileSystem, directory: string): InspectedGeneration {
  const problems = new ProblemList();
  let manifest: ReadManifest | undefined;
  let files: ReadonlyMap<string, FoundFile> | undefined;
  problems.collect('manifest', directory, () => {
    manifest = readManifestFile(fileSystem, directory);
  });
  problems.collect('store', directory, () => {
    files = filesOf(fileSystem, directory, problems);
  });
  if (manifest === undefined || files === undefined) {
    return { manifest, tableNames: [], logNumbers: [], problems: problems.all };
  }
  const { version, name } = manifest;
  const logNumbers = [...files.values()]
    .filter(({ kind, number }) => kind === 'log' && isReplayed(number, version))
    .map(({ number }) => number)
    .sort((a, b) => a - b);
  problems.collect('log', directory, () => {
    checkLogThere(version, name, new Set(logNumbers), directory);
  });
  const tableNames = version.levels.flat().map(({ number, sizeBytes }) => {
    const names = [tableFileName(number), oldTableFileName(number)];
    const found = names.find((candidate) => files?.has(candidate));
    problems.collect('table', directory, () =>
      checkTableFile(fileSystem, found, files, number, sizeBytes, directory),
    );
    return found ?? tableFileName(number);
  });
  return { manifest, tableNames, logNumbers, problems: problems.all };
}

/** Whether LevelDB replays a log: it does from the MANIFEST's log number on (docs/leveldb-rules.md, rule 5). */
function isReplayed(number: number, { logNumber, previousLogNumber }: Version): boolean {
  return number >= logNumber || number === previousLogNumber;
}

interface FoundFile extends LevelFileName {
  readonly sizeBytes: number;
}

/** Lists the files with LevelDB's names. LevelDB would open any of them, so all must be regular files. */
function filesOf(
  fileSystem: FileSystem,
  directory: string,
  problems: ProblemList,
): Map<string, FoundFile> {
  const files = new Map<string, FoundFile>();
  for (const name of fileSystem.readdir(directory)) {
    const parsed = parseLevelFileName(name);
    if (parsed === undefined) continue;
    const path = `${directory}/${name}`;
    try {
      const { kind, sizeBytes } = fileSystem.status(path);
      if (kind === 'file') files.set(name, { ...parsed, sizeBytes });
      else problems.add({ kind: 'store', path, message: `${describeKind(kind)} is not a file` });
    } catch (error) {
      // LevelDB has deleted it since the directory was read.
      if (errorCodeOf(error) !== 'ENOENT') throw error;
    }
  }
  return files;
}

function checkTableFile(
  fileSystem: FileSystem,
  name: string | undefined,
  files: ReadonlyMap<string, FoundFile> | undefined,
  number: number,
  sizeBytes: number,
  directory: string,
): void {
  const actual = name === undefined ? undefined : files?.get(name)?.sizeBytes;
  if (actual === undefined) {
    throw new EngineError('SSTITCH_STORE_CORRUPT', 'a table that the MANIFEST lists is missing', {
      path: `${directory}/${tableFileName(number)}`,
    });
  }
  checkTableSize(fileSystem, `${directory}/${name}`, actual, sizeBytes);
}

export interface CheckGenerationInput {
  readonly directory: string;
}

/** What LevelDB will replay when it opens a directory. */
export interface CheckedGeneration {
  /** The MANIFEST's last sequence. */
  readonly lastSequence: number;
  /** The logs that LevelDB will replay and that are not empty, ascending. */
  readonly logs: readonly LogFacts[];
}

/**
 * Checks a directory before LevelDB opens it: reads the MANIFEST, stats each file, and reads the logs that LevelDB
 * reads next.
 *
 * @throws EngineError SSTITCH_STORE_CORRUPT, SSTITCH_STORE_FORMAT for the first problem
 */
export function checkGeneration(
  fileSystem: FileSystem,
  { directory }: CheckGenerationInput,
  checkCancelled: () => void,
): CheckedGeneration {
  for (let round = 1; ; round++) {
    const before = stateOf(fileSystem, directory);
    try {
      return checkOnce(fileSystem, directory, checkCancelled);
    } catch (error) {
      // Repeat if the MANIFEST has changed: another process has the directory open and flushes.
      if (round === MAX_ROUNDS || stateOf(fileSystem, directory) === before) throw error;
    }
  }
}

export const checkGenerationTask = defineTask('checkGeneration', checkGeneration);

function checkOnce(
  fileSystem: FileSystem,
  directory: string,
  checkCancelled: () => void,
): CheckedGeneration {
  const { problems, manifest, logNumbers } = inspectGeneration(
    fileSystem,
    directory,
    checkCancelled,
  );
  const [first] = problems;
  if (first !== undefined || manifest === undefined) {
    const { error, message = 'the directory has no MANIFEST', path = directory } = first ?? {};
    throw error ?? new EngineError('SSTITCH_STORE_CORRUPT', message, { path });
  }
  const logs = logNumbers.flatMap((number): LogFacts[] => {
    const path = `${directory}/${logFileName(number)}`;
    const { damage, lastSequence } = scanLog(fileSystem, path, { checkCancelled });
    if (damage !== undefined) throw damagedLog(damage);
    return lastSequence === undefined ? [] : [{ number, lastSequence }];
  });
  return { lastSequence: manifest.version.lastSequence, logs };
}
