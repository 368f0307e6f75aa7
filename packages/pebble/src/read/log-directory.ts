// Finds out whether the WALs of a database are in another directory (Pebble's option WALDir). Pebble writes its options
// to OPTIONS-NNNNNN, of which the highest number counts:
//
//   [Options]
//     disable_wal=  whether there are none
//     wal_dir=      empty, or the directory of the WALs
//
// A checkpoint has the options of its database, and its WALs beside them.

import { join } from 'node:path';
import { corrupt, quoted, unsupported } from '../errors.js';
import { InputFile } from '../input-file.js';
import type { ReadableFileSystem } from '../options.js';
import type { DatabaseFiles } from './database-files.js';

/** Pebble's options have a few KB. */
const MAX_OPTIONS_BYTES = 2 ** 20;

/**
 * Refuses a database without unflushed WALs that has had them elsewhere: one that Pebble wrote always has such a WAL,
 * perhaps an empty one.
 */
export function refuseOtherLogDirectory(
  fileSystem: ReadableFileSystem,
  { directory, names }: DatabaseFiles,
): void {
  const numbers = [...names].flatMap((name) => {
    const digits = /^OPTIONS-(\d{1,15})$/.exec(name)?.[1];
    return digits === undefined ? [] : [{ name, number: Number(digits) }];
  });
  const newest = numbers.sort((a, b) => b.number - a.number)[0];
  if (newest === undefined) return;
  const path = join(directory, newest.name);
  const options = readText(fileSystem, path);
  // Not `\s`, which also matches line ends: a file of them would take hours.
  const logDirectory = /^ *wal_dir=(.+)$/m.exec(options)?.[1]?.trim() ?? '';
  if (logDirectory === '' || /^ *disable_wal=true$/m.test(options)) return;
  throw unsupported(
    `the WALs are not here but in ${quoted(logDirectory)}, with what is not flushed: ` +
      'copy them into the directory, or read a checkpoint',
    { path },
  );
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
