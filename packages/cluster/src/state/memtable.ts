// The memtable: a sorted array that is never changed. Flushes keep it small (about 1 MiB), so that a copy of its
// references is cheaper than a tree.
import { compareBytes } from '@sstitch/contract';
import { pieceIndexOf } from './pieces.js';
import type { MemtableEntry, Piece } from './state.js';

export interface Memtable {
  readonly entries: readonly MemtableEntry[];
  readonly bytes: number;
}

export const EMPTY_MEMTABLE: Memtable = { entries: [], bytes: 0 };

/** The index of the first entry whose key is not less than `key`, at `from` or after. */
export function memtableIndexOf(
  entries: readonly MemtableEntry[],
  key: Uint8Array,
  from = 0,
): number {
  let low = from;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(entryAt(entries, middle).key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The newest write of a key. */
export function memtableEntryOf(
  entries: readonly MemtableEntry[],
  key: Uint8Array,
): MemtableEntry | undefined {
  const entry = entries[memtableIndexOf(entries, key)];
  return entry !== undefined && compareBytes(entry.key, key) === 0 ? entry : undefined;
}

/** The memtable after writes, which are in the order in which they were made. */
export function withWrites(memtable: Memtable, writes: readonly MemtableEntry[]): Memtable {
  if (writes.length === 0) return memtable;
  const { entries } = memtable;
  const sorted = [...writes].sort((a, b) => compareBytes(a.key, b.key));
  const merged: MemtableEntry[] = [];
  let bytes = memtable.bytes;
  let copied = 0;
  for (const [index, write] of sorted.entries()) {
    // The sort is stable: of equal keys, the last is the newest.
    const next = sorted[index + 1];
    if (next !== undefined && compareBytes(next.key, write.key) === 0) continue;
    const at = memtableIndexOf(entries, write.key, copied);
    for (; copied < at; copied += 1) merged.push(entryAt(entries, copied));
    const old = entries[at];
    if (old !== undefined && compareBytes(old.key, write.key) === 0) {
      bytes -= bytesOf(old);
      copied += 1;
    }
    merged.push(write);
    bytes += bytesOf(write);
  }
  for (; copied < entries.length; copied += 1) merged.push(entryAt(entries, copied));
  return { entries: merged, bytes };
}

/** The memtable without the entries up to a version. */
export function withoutFlushed(memtable: Memtable, to: number): Memtable {
  return memtableOf(memtable.entries.filter((entry) => entry.version > to));
}

/** The memtable without the entries that a piece hides. */
export function withoutHidden(memtable: Memtable, pieces: readonly Piece[]): Memtable {
  const { entries } = memtable;
  const first = entries[0];
  if (first === undefined) return memtable;
  let index = pieceIndexOf(pieces, first.key);
  const kept = entries.filter((entry) => {
    for (;;) {
      const piece = pieces[index];
      if (piece === undefined) throw new RangeError('the pieces do not cover all keys');
      if (piece.end === undefined || compareBytes(entry.key, piece.end) < 0) {
        return entry.version > piece.version;
      }
      index += 1;
    }
  });
  return kept.length === entries.length ? memtable : memtableOf(kept);
}

/** @param entries in key order, one per key */
export function memtableOf(entries: readonly MemtableEntry[]): Memtable {
  return { entries, bytes: entries.reduce((sum, entry) => sum + bytesOf(entry), 0) };
}

function bytesOf(entry: MemtableEntry): number {
  return entry.key.byteLength + (entry.value?.byteLength ?? 0);
}

function entryAt(entries: readonly MemtableEntry[], index: number): MemtableEntry {
  const entry = entries[index];
  if (entry === undefined) throw new RangeError(`the memtable has no entry ${index}`);
  return entry;
}
