// The entries and options of test-fixtures/written.tar.gz, a database that this package wrote.

import type { Entry, WriteOptions } from '../src/index.js';
import { fixtureFiles } from './fixtures.js';
import type { Files } from './memory-files.js';

/** Uncompressed, because the output of a compressor depends on its version. */
export const WRITTEN_OPTIONS: WriteOptions = {
  compression: 'none',
  tableSizeBytes: 64 * 1024,
  blockSizeBytes: 4096,
  bloomBitsPerKey: 10,
};

/** Some hundred KiB of entries with few distinct bytes: keys that share prefixes, empty values and large ones. */
export function writtenEntries(): Entry[] {
  return Array.from({ length: 2000 }, (_, number) => ({
    key: Buffer.from(`fruit/${String(number).padStart(5, '0')}`),
    value: Buffer.alloc(number % 500 === 7 ? 9000 : number % 100, number),
  }));
}

export function writtenFiles(): Files {
  return fixtureFiles('written');
}
