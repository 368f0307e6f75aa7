export { type EntriesOptions, PebbleDatabase } from './database.js';
export type { Entry } from './entry-pages.js';
export { type Location, PebbleError, type PebbleErrorCode } from './errors.js';
export type { PebbleLimits, PebbleOptions, ReadableFileSystem } from './options.js';
