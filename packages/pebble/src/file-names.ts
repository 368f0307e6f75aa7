// The names of a database's files (Pebble's base.MakeFilename and atomicfs):
//
//   NNNNNN.sst                    a table
//   NNNNNN.log                    a WAL
//   MANIFEST-NNNNNN               the versions of the set of tables
//   CURRENT                       names the MANIFEST, for LevelDB
//   marker.<name>.<iter>.<value>  empty; of several with one name, the highest iter counts
//
// A file number is decimal, padded with zeros to at least 6 digits.

import { corrupt, quoted, unsupported } from './errors.js';

/** The name of the table with this number. */
export function tableFileName(number: number): string {
  return `${String(number).padStart(6, '0')}.sst`;
}

/** The name of the MANIFEST with this number. */
export function manifestFileName(number: number): string {
  return `MANIFEST-${String(number).padStart(6, '0')}`;
}

/** The name of the first marker with this value. */
export function firstMarkerName(marker: 'format-version' | 'manifest', value: string): string {
  return `marker.${marker}.000001.${value}`;
}

/** The name of the file that holds the name of LevelDB's MANIFEST, followed by a newline. */
export const CURRENT_FILE = 'CURRENT';

/** Parses the number of a WAL from its name; undefined if the name is not that of a WAL. */
export function logNumberOf(name: string, path: string): number | undefined {
  const [, digits, segment] = /^(\d{1,15})(-\d+)?\.log$/.exec(name) ?? [];
  if (digits === undefined) return undefined;
  if (segment !== undefined) {
    throw unsupported(
      'the WAL has several files, because Pebble failed over to another disk: ' +
        'open and close the database with Pebble, which flushes its WALs',
      { path },
    );
  }
  return Number(digits);
}

/** The value of the marker of this name; undefined if the directory has none. */
export function markerValue(
  names: readonly string[],
  marker: string,
  directory: string,
): string | undefined {
  let latest: { iteration: number; value: string } | undefined;
  for (const name of names) {
    if (!name.startsWith('marker.')) continue;
    const [, markerName, digits, value] = /^marker\.([^.]+)\.(\d{1,15})\.(.+)$/s.exec(name) ?? [];
    if (value === undefined) {
      throw corrupt(`the marker ${quoted(name)} is not marker.NAME.NUMBER.VALUE`, {
        path: directory,
      });
    }
    const iteration = Number(digits);
    if (markerName === marker && (latest === undefined || iteration > latest.iteration)) {
      latest = { iteration, value };
    }
  }
  return latest?.value;
}
