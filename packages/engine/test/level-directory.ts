// Makes LevelDB directories and tables without LevelDB, with levels of the exact shape that a test needs.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeInternalKey, nodeFileSystem, TableBuilder, type TableOptions } from '@sstitch/sst';
import { tableFileName } from '../src/leveldb/file-names.js';
import { type Version, writeManifest } from '../src/leveldb/manifest.js';
import { LEVEL_COUNT, type TableEntry } from '../src/leveldb/version-edit.js';
import { bytes, type Contents } from './store-fixture.js';

/** A version of a key: a tombstone if it has no value. */
export interface CraftedEntry {
  readonly key: string;
  readonly sequence: number;
  readonly value?: string;
}

export type CraftedTable = readonly CraftedEntry[];
/** Tables by level. Omitted levels are empty. In level 0 the oldest table comes first. */
export type CraftedLevels = Readonly<Record<number, readonly CraftedTable[]>>;

/** Sorts entries and writes them to a table. */
export function writeTable(
  path: string,
  entries: CraftedTable,
  options: TableOptions = {},
): Omit<TableEntry, 'number'> {
  const file = nodeFileSystem.open(path, 'create');
  try {
    const builder = new TableBuilder(file, options);
    const sorted = [...entries].sort((a, b) =>
      a.key === b.key ? b.sequence - a.sequence : a.key < b.key ? -1 : 1,
    );
    for (const { key, sequence, value } of sorted) {
      const type = value === undefined ? 'deletion' : 'value';
      builder.add(makeInternalKey(bytes(key), BigInt(sequence), type), bytes(value ?? ''));
    }
    const { sizeBytes, smallest, largest } = builder.finish();
    file.sync();
    return { sizeBytes, smallest, largest };
  } finally {
    file.close();
  }
}

export interface CraftedDirectoryOptions {
  readonly table?: TableOptions;
  /** Changes the version before it is written. */
  readonly alter?: (version: Version) => Version;
}

/** Makes a LevelDB database directory of the given levels. */
export function writeLevelDirectory(
  directory: string,
  levels: CraftedLevels,
  options: CraftedDirectoryOptions = {},
): Version {
  mkdirSync(directory);
  let number = 3;
  let lastSequence = 0;
  const placed: TableEntry[][] = Array.from({ length: LEVEL_COUNT }, () => []);
  for (const [level, tables] of Object.entries(levels)) {
    for (const table of tables) {
      for (const { sequence } of table) lastSequence = Math.max(lastSequence, sequence);
      const written = writeTable(join(directory, tableFileName(number)), table, options.table);
      placed[Number(level)]?.push({ number: number++, ...written });
    }
  }
  const version: Version = {
    levels: placed,
    logNumber: number,
    previousLogNumber: 0,
    nextFileNumber: number + 1,
    lastSequence,
  };
  const written = options.alter?.(version) ?? version;
  writeManifest(nodeFileSystem, directory, written, number);
  return written;
}

/** Returns the contents of a database with these levels: for each key the version with the highest sequence. */
export function contentsOfLevels(levels: CraftedLevels): Contents {
  return newest(Object.values(levels).flat(2));
}

export function newest(entries: readonly CraftedEntry[]): Contents {
  const latest = new Map<string, CraftedEntry>();
  for (const entry of entries) {
    if ((latest.get(entry.key)?.sequence ?? -1) < entry.sequence) latest.set(entry.key, entry);
  }
  const contents: Contents = new Map();
  for (const { key, value } of latest.values()) if (value !== undefined) contents.set(key, value);
  return contents;
}
