// The unflushed entries of the WALs, read once and sorted in memory.

import { compareBytes } from '@sstitch/contract';
import { ByteCursor } from '../encoding/byte-cursor.js';
import { EXCISE, INGEST_TABLE, RANGE_DELETE } from '../encoding/entry-kind.js';
import { corrupt, type Location, tooLarge } from '../errors.js';
import { InputFile } from '../input-file.js';
import { readLog } from '../log/log-reader.js';
import { type BatchEntry, readBatch } from '../log/write-batch.js';
import type { LiveTable } from '../manifest/read-manifest.js';
import type { CheckedOptions, ReadableFileSystem } from '../options.js';
import type { EntryCursor } from '../table/entry-cursor.js';
import type { RangeDeletion } from '../table/range-deletions.js';
import type { KeyRange } from './key-range.js';

/** About how much memory an entry takes besides its bytes. */
const ENTRY_BYTES = 256;
const FIRST_KEY = new Uint8Array(0);

export interface MemoryTable {
  /** Sorted by ascending key, versions of one key from newest to oldest. */
  readonly points: readonly BatchEntry[];
  readonly rangeDeletions: readonly RangeDeletion[];
  /** Tables that the WALs ingest and no MANIFEST lists yet. */
  readonly ingestedTables: readonly LiveTable[];
}

/**
 * Reads the unflushed WALs.
 *
 * @param logs by ascending number; only the last one may have a torn end, which the options decide on
 */
export function readMemoryTable(
  fileSystem: ReadableFileSystem,
  logs: readonly { readonly number: number; readonly path: string }[],
  options: CheckedOptions,
): MemoryTable {
  const points: BatchEntry[] = [];
  const rangeDeletions: RangeDeletion[] = [];
  const ingestedTables = new Map<number, LiveTable>();
  let heldBytes = 0;
  for (const [index, { number, path }] of logs.entries()) {
    const tornEnd = index === logs.length - 1 ? options.tornLogs : 'damage';
    const file = InputFile.open(fileSystem, path, 'the directory lists this WAL');
    try {
      const { maxLogBytes } = options;
      for (const record of readLog(file, { logNumber: number, tornEnd, maxLogBytes })) {
        const at = { path, offset: record.offset };
        heldBytes += record.bytes.length;
        for (const entry of readBatch(record.bytes, at)) {
          heldBytes += ENTRY_BYTES;
          if (heldBytes > maxLogBytes) {
            const what = `the WALs need ${heldBytes} bytes of memory or more`;
            throw tooLarge(what, maxLogBytes, 'maxLogBytes', at);
          }
          if (entry.kind === INGEST_TABLE) addIngestedTable(ingestedTables, entry, at);
          else if (entry.kind !== RANGE_DELETE && entry.kind !== EXCISE) points.push(entry);
          else addRangeDeletion(rangeDeletions, entry);
        }
      }
    } finally {
      file.close();
    }
  }
  points.sort((a, b) => compareBytes(a.key, b.key) || b.sequence - a.sequence || b.kind - a.kind);
  return { points, rangeDeletions, ingestedTables: [...ingestedTables.values()] };
}

function addIngestedTable(tables: Map<number, LiveTable>, entry: BatchEntry, at: Location): void {
  const cursor = new ByteCursor(entry.key, 'the number of an ingested table', at);
  const number = cursor.uvarint();
  if (!cursor.atEnd) throw cursor.fault('is followed by further bytes');
  // Without this check, a small file could make a reader read one table thousands of times.
  if (tables.has(number)) throw corrupt(`table ${number} is ingested again`, at);
  tables.set(number, {
    level: 0,
    number,
    backing: undefined,
    sizeBytes: Number.POSITIVE_INFINITY,
    // The WAL states no bounds.
    smallest: FIRST_KEY,
    largest: undefined,
    largestIsExclusive: false,
    smallestSequence: entry.sequence,
    largestSequence: entry.sequence,
    fileNumber: number,
    fileBytes: undefined,
  });
}

function addRangeDeletion(deletions: RangeDeletion[], entry: BatchEntry): void {
  const { key: start, value: end, sequence } = entry;
  // Pebble allows the deletion of an empty range.
  if (compareBytes(start, end) < 0) deletions.push({ start, end, sequence });
}

/** Iterates over the points of a memory table in a range, in order. */
export class MemoryCursor implements EntryCursor {
  readonly #points: readonly BatchEntry[];
  readonly #end: number;
  #position: number;
  readonly isExternal = false;
  readonly isOpen = true;
  readonly valueStart = 0;

  constructor(points: readonly BatchEntry[], range: KeyRange) {
    this.#points = points;
    this.#position = firstAtOrBehind(points, range.start);
    this.#end = range.end === undefined ? points.length : firstAtOrBehind(points, range.end);
  }

  get valid(): boolean {
    return this.#position < this.#end;
  }
  get keyBytes(): Uint8Array {
    return this.#entry.key;
  }
  get keyLength(): number {
    return this.#entry.key.length;
  }
  get sequence(): number {
    return this.#entry.sequence;
  }
  get kind(): number {
    return this.#entry.kind;
  }
  get data(): Uint8Array {
    return this.#entry.value;
  }
  get valueEnd(): number {
    return this.#entry.value.length;
  }

  get order(): number {
    const before = this.#points[this.#position - 1];
    return before === undefined ? 1 : compareBytes(this.#entry.key, before.key);
  }

  next(): void {
    this.#position += 1;
  }

  get #entry(): BatchEntry {
    return this.#points[this.#position] as BatchEntry;
  }
}

function firstAtOrBehind(points: readonly BatchEntry[], key: Uint8Array): number {
  let left = 0;
  let right = points.length;
  while (left < right) {
    const middle = (left + right) >>> 1;
    if (compareBytes((points[middle] as BatchEntry).key, key) < 0) left = middle + 1;
    else right = middle;
  }
  return left;
}
