// The native libraries for snappy and CRC-32C.
//
// They are loaded by `require`. Both are CommonJS modules with a loader of 29 KB, which Node would have to parse in every
// thread to find the exported names if they were imported. That takes 15 ms of each thread's start, and 100 ms of V8's
// compiler, during a process's first commit.
//
// snappy is loaded when a block is first compressed or decompressed. A process that opens a store and reads from it
// leaves that to LevelDB.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

type Snappy = Pick<typeof import('snappy'), 'compressSync' | 'uncompressSync'>;
let snappy: Snappy | undefined;

/** Returns the snappy library. */
export function loadSnappy(): Snappy {
  snappy ??= require('snappy') as typeof import('snappy');
  return snappy;
}

export const { crc32c } = require('@node-rs/crc32') as typeof import('@node-rs/crc32');
