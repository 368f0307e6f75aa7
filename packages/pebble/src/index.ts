export { type EntriesOptions, PebbleDatabase } from './database.js';
export type { DatabaseFile, FileSink } from './database-file.js';
export type { Entry, PackedEntries } from './entry-pages.js';
export { type Location, PebbleError, type PebbleErrorCode } from './errors.js';
export type { PebbleLimits, PebbleOptions, ReadableFileSystem } from './options.js';
export { type EntrySource, type WrittenDatabase, writePebbleDatabase } from './write-database.js';
export type { WritableFileSystem, WriteOptions } from './write-options.js';
