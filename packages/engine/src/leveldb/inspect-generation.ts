// Looks at a LevelDB directory from outside, without reading its tables: are its files what they must be, and
// are all there that its MANIFEST tells of? LevelDB itself finds that out late, by aborting the process,
// or never: it opens without a log that is gone, and writes through links that lead elsewhere.
//
// The database may be open, here or in another process. Its MANIFEST is read before its directory: what
// LevelDB deletes it has struck from the MANIFEST before, so that a fault which is none goes away when
// both are read again. A fault is believed once the MANIFEST has not changed while it was found.

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

/** Each round follows an edit that the database's owner has made meanwhile. */
export const MAX_ROUNDS = 100;

/** A MANIFEST as it was read. */
export interface ReadManifest {
  /** Its name in the directory. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly edits: number;
  readonly version: Version;
  /** Where a record that was never finished begins. */
  readonly tornAt: number | undefined;
}

/** What a log holds that LevelDB is to replay. */
export interface LogFacts {
  readonly number: number;
  readonly lastSequence: number;
}

/** What a directory holds. */
export interface InspectedGeneration {
  readonly manifest: ReadManifest | undefined;
  /** Names of the tables in force, in the order of `manifest.version.levels.flat()`. */
  readonly tableNames: readonly string[];
  /** Numbers of the logs that LevelDB would replay, ascending. */
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

/** Inspects a directory; see the head of this file. */
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

/** Changes with every edit of the version in force; tells faults apart too. */
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

/** Logs from the MANIFEST's number on are replayed, strays included (docs/leveldb-rules.md, rule 5). */
function isReplayed(number: number, { logNumber, previousLogNumber }: Version): boolean {
  return number >= logNumber || number === previousLogNumber;
}

interface FoundFile extends LevelFileName {
  readonly sizeBytes: number;
}

/** The files that LevelDB knows by their names; it would open each of them, whatever it is. */
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
      // Deleted since the directory was read.
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

/** What there is to replay. */
export interface CheckedGeneration {
  /** The MANIFEST's. */
  readonly lastSequence: number;
  /** The logs that LevelDB would replay and that hold something, ascending. */
  readonly logs: readonly LogFacts[];
}

/**
 * What a store's open does before LevelDB sees the directory: its cost is that of the MANIFEST, of one look at each
 * file, and of reading the logs, as LevelDB does next.
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
      // Another process has the directory open, and flushes: a log is gone, or a new one is there.
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
