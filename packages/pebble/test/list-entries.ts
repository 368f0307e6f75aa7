import { type EntriesOptions, PebbleDatabase, type PebbleOptions } from '../src/index.js';
import { DIRECTORY, type MemoryFiles } from './memory-files.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** The entries of a range, each as "key value" in hex. */
export async function listEntries(
  database: PebbleDatabase,
  options: EntriesOptions = {},
): Promise<string[]> {
  const lines: string[] = [];
  for await (const page of database.entries(options)) {
    for (const { key, value } of page) lines.push(`${hex(key)} ${hex(value)}`);
  }
  return lines;
}

/** All entries of a database in memory. */
export async function listDatabase(
  fileSystem: MemoryFiles,
  options: PebbleOptions = {},
): Promise<string[]> {
  await using database = await PebbleDatabase.open(DIRECTORY, { fileSystem, ...options });
  return await listEntries(database);
}
