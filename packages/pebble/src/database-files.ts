// Which files of a directory make up the database.

import { join } from 'node:path';
import { corrupt, PebbleError, unsupported } from './errors.js';
import { logNumberOf, markerValue } from './file-names.js';
import { codeOf, ioError } from './input-file.js';
import { NEWEST_FORMAT_VERSION, type ReadableFileSystem } from './options.js';

export interface DatabaseFiles {
  readonly folder: string;
  /** Every name in the folder. */
  readonly names: ReadonlySet<string>;
  readonly manifestPath: string;
  /** Pebble's format major version. */
  readonly formatVersion: number;
  /** WALs, by ascending number; those that are flushed as well. */
  readonly logs: readonly { readonly number: number; readonly path: string }[];
}

/** Finds the files of the database in `folder`. */
export function findDatabaseFiles(fileSystem: ReadableFileSystem, folder: string): DatabaseFiles {
  const names = readFolder(fileSystem, folder);
  const manifest = markerValue(names, 'manifest', folder);
  if (manifest === undefined) throw noDatabase(names, folder);
  if (!/^MANIFEST-\d{1,15}$/.test(manifest)) {
    throw corrupt(`the manifest marker names ${JSON.stringify(manifest)}, not MANIFEST-NUMBER`, {
      path: folder,
    });
  }
  const logs = names
    .map((name) => ({ name, path: join(folder, name) }))
    .map(({ name, path }) => ({ number: logNumberOf(name, path), path }))
    .filter((log): log is { number: number; path: string } => log.number !== undefined)
    .sort((a, b) => a.number - b.number);
  return {
    folder,
    names: new Set(names),
    manifestPath: join(folder, manifest),
    formatVersion: formatVersionOf(names, folder),
    logs,
  };
}

function readFolder(fileSystem: ReadableFileSystem, folder: string): string[] {
  try {
    return fileSystem.readFolder(folder);
  } catch (cause) {
    const code = codeOf(cause);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw ioError(folder, cause);
    throw new PebbleError(
      'SSTITCH_PEBBLE_NOT_FOUND',
      'there is no directory of this name',
      { path: folder },
      cause,
    );
  }
}

function noDatabase(names: readonly string[], folder: string): PebbleError {
  const at = { path: folder };
  if (names.includes('CURRENT')) {
    return unsupported(
      'the directory has a CURRENT file and no manifest marker, so LevelDB, RocksDB or a Pebble of before 2022 ' +
        'wrote it: open it with what wrote it; for LevelDB, that is @sstitch/engine or classic-level',
      at,
    );
  }
  return new PebbleError(
    'SSTITCH_PEBBLE_NOT_FOUND',
    'there is no Pebble database here, as no file is named marker.manifest.*: name the directory that has one',
    at,
  );
}

function formatVersionOf(names: readonly string[], folder: string): number {
  const at = { path: folder };
  const value = markerValue(names, 'format-version', folder);
  if (value === undefined) {
    throw corrupt(
      'the directory has a manifest marker and no marker.format-version.*: copy the whole directory again',
      at,
    );
  }
  if (!/^\d{1,15}$/.test(value)) {
    throw corrupt(`the format-version marker says ${JSON.stringify(value)}, not a number`, at);
  }
  const version = Number(value);
  if (version > NEWEST_FORMAT_VERSION) {
    throw unsupported(
      `the database has Pebble's format version ${version}; ${NEWEST_FORMAT_VERSION} is the newest that this version reads: ` +
        'use a newer @sstitch/pebble',
      at,
    );
  }
  return version;
}
