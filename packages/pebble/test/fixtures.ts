// Databases that Pebble 2.1.5 wrote, and the entries that Pebble lists (test-fixtures):
//
//   history-N      format version N: overwritten and deleted keys, range deletions, an old version that a snapshot
//                  kept, excised ranges if N supports them, and a WAL with data; 13 has tables of version 2, 16 of 4,
//                  19 of 5, 22 of 6, 24 of 7
//   table-formats  ingested tables of versions 1 to 7, each once with CRC-32C and once with XXH64, range deletions
//                  and a two-level index; uncompressed, snappy and zstd
//   written        a database that this package wrote (written-fixture.ts)
//
// NAME.tar.gz is the directory without its OPTIONS file; NAME.txt.gz has a line for each entry, "key value" in hex.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Files } from './memory-files.js';
import { untar } from './untar.js';

export const FIXTURE_NAMES = [
  'history-13',
  'history-16',
  'history-19',
  'history-22',
  'history-24',
  'table-formats',
] as const;

export type FixtureName = (typeof FIXTURE_NAMES)[number];

function read(name: string): Uint8Array {
  const path = fileURLToPath(new URL(`../test-fixtures/${name}`, import.meta.url));
  return gunzipSync(readFileSync(path));
}

export function fixtureFiles(name: FixtureName | 'written'): Files {
  return untar(read(`${name}.tar.gz`));
}

/** The entries that Pebble lists, each as "key value" in hex. */
export function fixtureEntries(name: FixtureName): string[] {
  return Buffer.from(read(`${name}.txt.gz`))
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}
