// Finds the files of a directory that make up the database.

import { join } from 'node:path';
import { corrupt, incomplete, PebbleError, quoted, unsupported } from '../errors.js';
import { logNumberOf, markerValue } from '../file-names.js';
import { codeOf, ioError } from '../input-file.js';
import { NEWEST_FORMAT_VERSION, type ReadableFileSystem } from '../options.js';

export interface DatabaseFiles {
  readonly directory: string;
  /** Every name in the directory. */
  readonly names: ReadonlySet<string>;
  readonly manifestPath: string;
  /** Pebble's format major version. */
  readonly formatVersion: number;
  /** All WALs, even flushed ones, by ascending number. */
  readonly logs: readonly { readonly number: number; readonly path: string }[];
}

/** Finds the files of the database in `directory`. */
export function findDatabaseFiles(
  fileSystem: ReadableFileSystem,
  directory: string,
): DatabaseFiles {
  const names = readdir(fileSystem, directory);
  const manifest = markerValue(names, 'manifest', directory);
  if (manifest === undefined) throw noDatabase(names, directory);
  if (!/^MANIFEST-\d{1,15}$/.test(manifest)) {
    throw corrupt(`the manifest marker names ${quoted(manifest)}, not MANIFEST-NUMBER`, {
      path: directory,
    });
  }
  const logs = names
    .map((name) => ({ name, path: join(directory, name) }))
    .map(({ name, path }) => ({ number: logNumberOf(name, path), path }))
    .filter((log): log is { number: number; path: string } => log.number !== undefined)
    .sort((a, b) => a.number - b.number);
  return {
    directory,
    names: new Set(names),
    manifestPath: join(directory, manifest),
    formatVersion: formatVersionOf(names, directory),
    logs,
  };
}

function readdir(fileSystem: ReadableFileSystem, directory: string): string[] {
  try {
    return fileSystem.readdir(directory);
  } catch (cause) {
    const code = codeOf(cause);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw ioError(directory, cause);
    throw new PebbleError(
      'SSTITCH_PEBBLE_NOT_FOUND',
      'there is no directory of this name',
      { path: directory },
      cause,
    );
  }
}

function noDatabase(names: readonly string[], directory: string): PebbleError {
  const at = { path: directory };
  if (names.includes('CURRENT')) {
    return unsupported(
      'the directory has a CURRENT file but no manifest marker, so LevelDB, RocksDB or a Pebble from before 2022 ' +
        'wrote it: open it with that program; for LevelDB, use @sstitch/engine or classic-level',
      at,
    );
  }
  return new PebbleError(
    'SSTITCH_PEBBLE_NOT_FOUND',
    'the directory holds no Pebble database: it has no file marker.manifest.*',
    at,
  );
}

function formatVersionOf(names: readonly string[], directory: string): number {
  const at = { path: directory };
  const value = markerValue(names, 'format-version', directory);
  if (value === undefined) {
    throw incomplete(
      'SSTITCH_PEBBLE_CORRUPT',
      'the directory has a manifest marker but no marker.format-version.*',
      at,
    );
  }
  if (!/^\d{1,15}$/.test(value)) {
    throw corrupt(`the format-version marker says ${quoted(value)}, not a number`, at);
  }
  const version = Number(value);
  if (version > NEWEST_FORMAT_VERSION) {
    throw unsupported(
      `the database has Pebble's format version ${version}, but ${NEWEST_FORMAT_VERSION} is the newest that this version reads: ` +
        'use a newer @sstitch/pebble',
      at,
    );
  }
  return version;
}
