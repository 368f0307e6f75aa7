// Reads the same bytes with this project's own reader and with LevelDB.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EngineError, openReadOnly, Store } from '@sstitch/engine';
import { TableReader } from '@sstitch/sst';
import { memoryFiles } from '../cases/memory-files.js';
import { contentsOf, gotten, type HexContents, sameContents } from '../cases/small-store.js';
import { unsyncedFileSystem } from '../cases/unsynced-files.js';

const VIEW = {
  keyEncoding: 'view',
  valueEncoding: 'view',
  fileSystem: unsyncedFileSystem,
} as const;

/** The visible entries of a table: the newest version of each user key, unless it is a tombstone. */
export function readAsTable(bytes: Uint8Array): HexContents {
  const path = '/table.ldb';
  const reader = TableReader.open(memoryFiles(new Map([[path, bytes]])), path);
  try {
    const contents: Array<readonly [string, string]> = [];
    const entries = reader.iterator();
    let last: string | undefined;
    for (entries.seekToFirst(); entries.valid; entries.next()) {
      const key = Buffer.from(entries.key).toString('hex').slice(0, -16);
      if (key === last) continue;
      last = key;
      // The type is the trailer's first byte.
      if (entries.key.at(-8) === 1)
        contents.push([key, Buffer.from(entries.value).toString('hex')]);
    }
    return contents;
  } finally {
    reader.close();
  }
}

/** The entries that LevelDB reads from a store that ingested the table; undefined if the store refused it. */
export async function readAsLevelDb(
  bytes: Uint8Array,
  directory: string,
): Promise<HexContents | undefined> {
  const table = join(directory, 'accepted.ldb');
  const path = join(directory, 'accepting');
  writeFileSync(table, bytes);
  const store: Store<Uint8Array, Uint8Array> = new Store(path, VIEW);
  await store.open();
  try {
    const span = { start: new Uint8Array(0), end: undefined };
    await store.ingestAndExcise([{ span, runs: [[table]] }]);
    const seen = await contentsOf(store);
    const keys = readAsTable(bytes).map(([key]) => key);
    if (!sameContents(seen, await gotten(store, keys))) throw new Error('get and iteration differ');
    return seen;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'SSTITCH_TABLES_INVALID') return undefined;
    throw error;
  } finally {
    await store.close();
    rmSync(path, { recursive: true, force: true });
    rmSync(table, { force: true });
  }
}

/** Opens a store with LevelDB and checks that iteration and get agree on every key. */
export async function readStoreTwice(
  location: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  try {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
    const reader = await openReadOnly<Uint8Array, Uint8Array>(location, VIEW);
    try {
      const seen = await contentsOf(reader);
      const keys = seen.map(([key]) => key);
      if (!sameContents(seen, await gotten(reader, keys))) {
        throw new Error('get and iteration differ');
      }
    } finally {
      await reader.close();
    }
  } finally {
    rmSync(location, { recursive: true, force: true });
  }
}
