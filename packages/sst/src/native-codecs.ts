// The native libraries that every table goes through.
//
// By `require`: both are CommonJS with a loader of 29 KB, which Node reads through for the names that it exports
// where they are imported. It does so in every thread, which took 15 ms and 100 ms of V8's compiler in each,
// beside a process's first commit.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const { compressSync, uncompressSync } = require('snappy') as typeof import('snappy');
export const { crc32c } = require('@node-rs/crc32') as typeof import('@node-rs/crc32');
