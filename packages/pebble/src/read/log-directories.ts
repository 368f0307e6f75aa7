// Finds out whether WALs of a database are in other directories (Pebble's options WALDir and WALFailover). Pebble writes
// its options to OPTIONS-NNNNNN, of which the highest number counts:
//
//   [Options]
//     disable_wal=  whether there are none
//     wal_dir=      empty, or the directory of the WALs
//   [WAL Failover]
//     secondary_dir=  the directory to which WALs go on while this one is slow
//
// A checkpoint has the options of its database, without those of a failover, and its WALs beside them.

import { join } from 'node:path';
import { corrupt, quoted, unsupported } from '../errors.js';
import { InputFile } from '../input-file.js';
import type { ReadableFileSystem } from '../options.js';
import type { DatabaseFiles } from './database-files.js';

/** Pebble's options have a few KB. */
const MAX_OPTIONS_BYTES = 2 ** 20;

/**
 * Refuses a database with a `wal_dir` and no WAL in its own directory: Pebble always leaves a WAL that is not flushed,
 * even if it is empty. Also refuses a database with a `secondary_dir`, because the ends of its WALs may be there.
 */
export function refuseOtherLogDirectories(
  fileSystem: ReadableFileSystem,
  { directory, names }: DatabaseFiles,
  hasLogs: boolean,
): void {
  const numbers = [...names].flatMap((name) => {
    const digits = /^OPTIONS-(\d{1,15})$/.exec(name)?.[1];
    return digits === undefined ? [] : [{ name, number: Number(digits) }];
  });
  const newest = numbers.sort((a, b) => b.number - a.number)[0];
  if (newest === undefined) return;
  const path = join(directory, newest.name);
  const options = readText(fileSystem, path);
  if (/^ *disable_wal=true$/m.test(options)) return;
  const secondary = optionOf(options, 'secondary_dir');
  if (secondary !== '') {
    throw unsupported(
      `WALs may go on in ${quoted(secondary)}, with what is not flushed (WAL failover): read a checkpoint`,
      { path },
    );
  }
  const primary = hasLogs ? '' : optionOf(options, 'wal_dir');
  if (primary !== '') {
    throw unsupported(
      `the WALs are not here but in ${quoted(primary)}, with what is not flushed: ` +
        'copy them into the directory, or read a checkpoint',
      { path },
    );
  }
}

function optionOf(options: string, name: string): string {
  // Not `\s`, which also matches line ends: a file of them would take hours.
  return new RegExp(`^ *${name}=(.+)$`, 'm').exec(options)?.[1]?.trim() ?? '';
}

function readText(fileSystem: ReadableFileSystem, path: string): string {
  const file = InputFile.open(fileSystem, path, 'the directory lists it');
  try {
    const { sizeBytes } = file;
    if (sizeBytes > MAX_OPTIONS_BYTES) {
      throw corrupt(`${sizeBytes} bytes are too many for Pebble's options`, { path });
    }
    return Buffer.from(file.read(0, sizeBytes)).toString('utf8');
  } finally {
    file.close();
  }
}
