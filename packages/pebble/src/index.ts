export { type Location, PebbleError, type PebbleErrorCode } from './errors.js';
export type { DatabaseFile, FileSink } from './file-sink.js';
export type { PebbleLimits, PebbleOptions, ReadableFileSystem } from './options.js';
export { type EntriesOptions, PebbleDatabase } from './read/database.js';
export type { Entry, PackedEntries } from './read/entry-pages.js';
export {
  type EntrySource,
  type WrittenDatabase,
  writePebbleDatabase,
} from './write/write-database.js';
export type { WritableFileSystem, WriteOptions } from './write-options.js';
