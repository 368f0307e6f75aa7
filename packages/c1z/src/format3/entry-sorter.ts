// Sorts any number of entries: sorts as many as fit in `maxMemoryBytes` in memory, writes them to a file as a
// sorted run, and merges the runs at the end.
//
//   run := entry*, by ascending key
//   entry := u32le length of the key, u32le length of the value, key, value
//
// Invariants: memory is bounded by `maxMemoryBytes` plus one entry, plus 256 KiB and one entry for each run;
// entries with the same key are all returned, one after another.
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '@sstitch/pebble';
import { C1zError, messageOf } from '../errors.js';

const MAX_MEMORY_BYTES = 64 * 2 ** 20;
/** How much memory an entry takes besides its bytes. */
const ENTRY_BYTES = 32;
const HEAD_BYTES = 8;
const RUN_BUFFER_BYTES = 256 * 1024;

export class EntrySorter {
  readonly #directory: string;
  readonly #maxMemoryBytes: number;
  readonly #runs: string[] = [];
  #held = new HeldEntries();
  #count = 0;

  /** @param directory the directory for runs; its owner removes it */
  constructor(directory: string, maxMemoryBytes: number = MAX_MEMORY_BYTES) {
    this.#directory = directory;
    this.#maxMemoryBytes = maxMemoryBytes;
  }

  /** The number of entries added. */
  get count(): number {
    return this.#count;
  }

  /** Adds an entry. Its bytes are copied. */
  add(key: Uint8Array, value: Uint8Array): void {
    this.#count += 1;
    this.#held.add(key, value);
    if (this.#held.memoryBytes >= this.#maxMemoryBytes) this.#writeRun();
  }

  /** Yields all entries by ascending key. May be called once. */
  *sorted(): Generator<Entry, void, undefined> {
    if (this.#runs.length === 0) {
      yield* this.#held.sorted();
      return;
    }
    this.#writeRun();
    yield* merged(this.#runs.map((path) => new RunReader(path)));
  }

  #writeRun(): void {
    const path = join(this.#directory, `run-${this.#runs.length + 1}`);
    const fileDescriptor = runOperation(path, () => openSync(path, 'wx', 0o600));
    try {
      const writer = new BlockWriter(fileDescriptor, path);
      for (const { key, value } of this.#held.sorted()) writer.add(key, value);
      writer.flush();
    } finally {
      closeSync(fileDescriptor);
    }
    this.#runs.push(path);
    this.#held = new HeldEntries();
  }
}

/** Entries in memory. Entry `i` has its key from `starts[i]` to `keyEnds[i]` and its value up to `starts[i + 1]`. */
class HeldEntries {
  #bytes = new Uint8Array(64 * 1024);
  readonly #starts: number[] = [0];
  readonly #keyEnds: number[] = [];

  get memoryBytes(): number {
    return (this.#starts.at(-1) ?? 0) + ENTRY_BYTES * this.#keyEnds.length;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    const start = this.#starts.at(-1) ?? 0;
    const keyEnd = start + key.length;
    const end = keyEnd + value.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
    }
    this.#bytes.set(key, start);
    this.#bytes.set(value, keyEnd);
    this.#keyEnds.push(keyEnd);
    this.#starts.push(end);
  }

  *sorted(): Generator<Entry, void, undefined> {
    const bytes = this.#bytes;
    const starts = this.#starts;
    const keyEnds = this.#keyEnds;
    const order = Array.from(keyEnds.keys()).sort((a, b) => {
      let at = starts[a] as number;
      let other = starts[b] as number;
      const end = keyEnds[a] as number;
      const otherEnd = keyEnds[b] as number;
      for (; at < end && other < otherEnd; at += 1, other += 1) {
        const difference = (bytes[at] as number) - (bytes[other] as number);
        if (difference !== 0) return difference;
      }
      return end - at - (otherEnd - other);
    });
    for (const index of order) {
      const keyEnd = keyEnds[index] as number;
      yield {
        key: bytes.subarray(starts[index], keyEnd),
        value: bytes.subarray(keyEnd, starts[index + 1]),
      };
    }
  }
}

class BlockWriter {
  readonly #fileDescriptor: number;
  readonly #path: string;
  #block = Buffer.alloc(RUN_BUFFER_BYTES);
  #length = 0;

  constructor(fileDescriptor: number, path: string) {
    this.#fileDescriptor = fileDescriptor;
    this.#path = path;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    const needed = HEAD_BYTES + key.length + value.length;
    if (this.#length + needed > this.#block.length) this.flush();
    if (needed > this.#block.length) this.#block = Buffer.alloc(needed);
    const at = this.#length;
    this.#block.writeUInt32LE(key.length, at);
    this.#block.writeUInt32LE(value.length, at + 4);
    this.#block.set(key, at + HEAD_BYTES);
    this.#block.set(value, at + HEAD_BYTES + key.length);
    this.#length += needed;
  }

  flush(): void {
    runOperation(this.#path, () => {
      for (let written = 0; written < this.#length; ) {
        written += writeSync(this.#fileDescriptor, this.#block, written, this.#length - written);
      }
    });
    this.#length = 0;
  }
}

/** Reads a run from start to end; closing it removes the run. */
class RunReader {
  /** The current entry; undefined at the end. */
  entry: Entry | undefined;
  readonly #path: string;
  readonly #fileDescriptor: number;
  #block = Buffer.alloc(RUN_BUFFER_BYTES);
  #start = 0;
  #end = 0;
  #isOpen = true;

  constructor(path: string) {
    this.#path = path;
    this.#fileDescriptor = runOperation(path, () => openSync(path, 'r'));
    this.next();
  }

  next(): void {
    if (!this.#fill(HEAD_BYTES)) {
      this.entry = undefined;
      return;
    }
    const keyLength = this.#block.readUInt32LE(this.#start);
    const valueLength = this.#block.readUInt32LE(this.#start + 4);
    this.#fill(HEAD_BYTES + keyLength + valueLength);
    const keyStart = this.#start + HEAD_BYTES;
    const keyEnd = keyStart + keyLength;
    this.entry = {
      key: this.#block.subarray(keyStart, keyEnd),
      value: this.#block.subarray(keyEnd, keyEnd + valueLength),
    };
    this.#start = keyEnd + valueLength;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fileDescriptor);
    rmSync(this.#path, { force: true });
  }

  /** Whether `needed` more bytes follow; they are then in the block from `start` on. */
  #fill(needed: number): boolean {
    if (this.#end - this.#start >= needed) return true;
    // A new block, because the returned entry lies in the old one.
    const block = Buffer.alloc(Math.max(needed, RUN_BUFFER_BYTES));
    this.#block.copy(block, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#block = block;
    while (this.#end < block.length) {
      const count = runOperation(this.#path, () =>
        readSync(this.#fileDescriptor, block, this.#end, block.length - this.#end, null),
      );
      if (count === 0) break;
      this.#end += count;
    }
    return this.#end >= needed;
  }
}

/** Yields the entries of all runs by ascending key. */
function* merged(readers: readonly RunReader[]): Generator<Entry, void, undefined> {
  const heap = new RunHeap(readers.filter(({ entry }) => entry !== undefined));
  try {
    for (let first = heap.first; first?.entry !== undefined; first = heap.first) {
      yield first.entry;
      first.next();
      heap.settleFirst();
    }
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** A heap of runs: the one with the smallest key is first. */
class RunHeap {
  readonly #runs: RunReader[];

  constructor(runs: readonly RunReader[]) {
    // A sorted list is a heap.
    this.#runs = [...runs].sort(compareRuns);
  }

  get first(): RunReader | undefined {
    return this.#runs[0];
  }

  /** Restores the order after the first run has moved to another entry or to its end. */
  settleFirst(): void {
    const runs = this.#runs;
    if (runs[0]?.entry === undefined) {
      const last = runs.pop();
      if (last === undefined || runs.length === 0) return;
      runs[0] = last;
    }
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < runs.length && this.#isLess(left, least)) least = left;
      if (right < runs.length && this.#isLess(right, least)) least = right;
      if (least === at) return;
      [runs[at], runs[least]] = [runs[least] as RunReader, runs[at] as RunReader];
      at = least;
    }
  }

  #isLess(one: number, other: number): boolean {
    return compareRuns(this.#runs[one] as RunReader, this.#runs[other] as RunReader) < 0;
  }
}

function compareRuns(a: RunReader, b: RunReader): number {
  return Buffer.compare(a.entry?.key ?? NO_KEY, b.entry?.key ?? NO_KEY);
}

const NO_KEY = new Uint8Array(0);

function runOperation<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new C1zError(
      'SSTITCH_FILE_OPERATION',
      `the directory for temporary files fails: ${messageOf(cause)}`,
      { path, cause },
    );
  }
}
