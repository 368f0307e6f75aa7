// Measures what a store takes on disk, from the indexes of its tables, and how much of it is live (--exact),
// from every entry. Reads a frozen copy of the store.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareBytes, type Span } from '@sstitch/contract';
import { readManifest } from '@sstitch/engine';
import { BUCKETS, bucketSpan, KeyParser } from '@sstitch/keys';
import { dataBytesIn, nodeFileSystem, TableReader, userKeyOf } from '@sstitch/sst';
import { ScanProgress } from '../../operations/scan-progress.js';
import { findSyncIds } from '../../stores/find-syncs.js';
import { withFrozenCopy } from '../../stores/frozen-copy.js';
import { withReader } from '../../stores/open-store.js';
import { scanSpan } from '../../stores/scan-span.js';
import { spansOf } from '../../stores/sync-spans.js';
import type { ProgressLine } from '../../terminal/progress-line.js';

/** A number of entries and the size of their keys and values, uncompressed. */
interface Contents {
  entries: number;
  bytes: number;
}

export interface SyncSpace {
  readonly syncId: string;
  /** Size of the stored blocks with entries of the sync. A block with entries of several syncs counts for each. */
  readonly tableBytes: number;
  /**
   * All entries in the tables, including old versions, deleted entries and tombstones. Only in an exact
   * measurement, as are the members below.
   */
  readonly stored?: Readonly<Contents>;
  /** The entries that a reader sees. */
  readonly live?: Readonly<Contents>;
  /** The share of `tableBytes` that is not live. */
  readonly garbageBytes?: number;
}

export interface StoreSpace {
  readonly tables: number;
  /** Size of the table files; each file counts once, however many tables share it. */
  readonly fileBytes: number;
  /** Size of the data blocks that an index points to; the rest of the files is indexes, filters and removed data. */
  readonly dataBytes: number;
  /** Size of the data blocks above the lowest level that has tables; they are newer than those below. */
  readonly upperBytes: number;
  /** Size of the logs, whose entries are not in tables yet. */
  readonly logBytes: number;
  readonly syncs: readonly SyncSpace[];
}

export interface MeasureSpaceOptions {
  /** Read every entry. */
  readonly exact: boolean;
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;
}

const EVERYTHING = [{ start: new Uint8Array(0), end: undefined }];

/** Measures a store. @throws the errors of opening a store if there is none */
export async function measureSpace(
  location: string,
  { exact, signal, progress }: MeasureSpaceOptions,
): Promise<StoreSpace> {
  const { syncIds, live } = await withReader(location, async (reader) => {
    const found = await findSyncIds(reader, signal);
    const counted = new Map<string, Contents>();
    for (const syncId of exact ? found : []) {
      const contents = { entries: 0, bytes: 0 };
      const spans = spansOf([syncId]);
      const shown = new ScanProgress(reader, spans, progress);
      for (const [at, span] of spans.entries()) {
        for await (const page of scanSpan(reader, span, { signal })) {
          await shown.reach(`reading ${syncId}`, at, page[0]?.[0]);
          for (const [key, value] of page) add(contents, key, value);
        }
      }
      counted.set(syncId, contents);
    }
    return { syncIds: found, live: counted };
  });
  return withFrozenCopy(location, signal, async ({ tableDirectory, tableNames }) => {
    const tableBytes = new Map(syncIds.map((syncId) => [syncId, 0]));
    const stored = new Map<string, Contents>();
    const { levels } = readManifest(tableDirectory).version;
    const lowest = levels.findLastIndex((tables) => tables.length > 0);
    let dataBytes = 0;
    let upperBytes = 0;
    let measured = 0;
    for (const [level, tables] of levels.entries()) {
      for (const { number, sizeBytes } of tables) {
        const total = tableNames.length;
        progress.update({ doing: 'measuring', done: measured, total, unit: 'tables' });
        measured += 1;
        // A table is read in one turn. A signal of the process fires between turns.
        await nextTurn();
        signal.throwIfAborted();
        const path = join(tableDirectory, nameOf(number, tableNames));
        const reader = TableReader.open(nodeFileSystem, path, { sizeBytes });
        try {
          const bytes = dataBytesIn(reader, EVERYTHING);
          dataBytes += bytes;
          if (level < lowest) upperBytes += bytes;
          for (const syncId of bytes === 0 ? [] : syncsIn(reader, syncIds)) {
            const ofSync = dataBytesIn(reader, spansOf([syncId]));
            tableBytes.set(syncId, (tableBytes.get(syncId) ?? 0) + ofSync);
          }
          if (exact) countStored(reader, stored);
        } finally {
          reader.close();
        }
      }
    }
    return {
      tables: tableNames.length,
      fileBytes: bytesOfFiles(tableDirectory, (name) => tableNames.includes(name)),
      dataBytes,
      upperBytes,
      logBytes: bytesOfFiles(tableDirectory, (name) => name.endsWith('.log')),
      syncs: syncIds.map((syncId) => {
        const bytes = tableBytes.get(syncId) ?? 0;
        if (!exact) return { syncId, tableBytes: bytes };
        const all = stored.get(syncId) ?? { entries: 0, bytes: 0 };
        const seen = live.get(syncId) ?? { entries: 0, bytes: 0 };
        // An entry in a log shadows an older one in the tables, but takes no space in them.
        const share = all.bytes === 0 ? 0 : Math.max(0, 1 - seen.bytes / all.bytes);
        const garbageBytes = Math.round(bytes * share);
        return { syncId, tableBytes: bytes, stored: all, live: seen, garbageBytes };
      }),
    };
  });
}

/** The syncs with a span that overlaps the keys of a table. @param syncIds sorted */
function syncsIn(reader: TableReader, syncIds: readonly string[]): ReadonlySet<string> {
  const [smallest, largest] = [userKeyOf(reader.smallest()), userKeyOf(reader.largest())];
  const found = new Set<string>();
  for (const { bucket } of BUCKETS) {
    const endsBefore = ({ end }: Span) => end !== undefined && compareBytes(end, smallest) <= 0;
    let [at, high] = [0, syncIds.length];
    while (at < high) {
      const middle = (at + high) >>> 1;
      if (endsBefore(bucketSpan(bucket, syncIds[middle] ?? ''))) at = middle + 1;
      else high = middle;
    }
    for (const syncId of syncIds.slice(at)) {
      if (compareBytes(bucketSpan(bucket, syncId).start, largest) > 0) break;
      found.add(syncId);
    }
  }
  return found;
}

function countStored(reader: TableReader, stored: Map<string, Contents>): void {
  const parser = new KeyParser();
  const entries = reader.iterator();
  for (entries.seekToFirst(); entries.valid; entries.next()) {
    const key = userKeyOf(entries.key);
    const syncId = parser.syncOf(key);
    if (syncId === undefined) continue;
    let contents = stored.get(syncId);
    if (contents === undefined) {
      contents = { entries: 0, bytes: 0 };
      stored.set(syncId, contents);
    }
    add(contents, key, entries.value);
  }
}

function add(contents: Contents, key: Uint8Array, value: Uint8Array): void {
  contents.entries += 1;
  contents.bytes += key.byteLength + value.byteLength;
}

function nameOf(number: number, names: readonly string[]): string {
  const stem = String(number).padStart(6, '0');
  return names.find((name) => name.startsWith(`${stem}.`)) ?? `${stem}.ldb`;
}

/** Counts each file once: virtual tables are further names of the same file. */
function bytesOfFiles(directory: string, isCounted: (name: string) => boolean): number {
  const sizes = new Map<bigint, number>();
  for (const name of readdirSync(directory)) {
    if (!isCounted(name)) continue;
    const { ino, size } = statSync(join(directory, name), { bigint: true });
    sizes.set(ino, Number(size));
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
