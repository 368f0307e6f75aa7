// Sorts the entries of an import by key, in bounded memory.
//
// Entries are held until they come to a limit, then sorted and written as a table of a scratch folder;
// at the end the tables are merged. The same key twice means that the input has a record twice: that is
// refused, as nobody can know which one is meant and what index entries the other one left.
//
// Invariants: `#held` is in the order of adding; every table in `#paths` is sorted and whole.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { classifyKey, toHex } from '@sstitch/keys';
import type { Entry } from '@sstitch/records';
import {
  compareBytes,
  makeInternalKey,
  mergeTables,
  nodeFileSystem,
  TableBuilder,
  TableReader,
  TRAILER_BYTES,
} from '@sstitch/sst';
import { CliError } from './errors.js';

const MIB = 1024 * 1024;
/** Keys and values held; what JavaScript adds to them is about five times as much. */
const DEFAULT_LIMIT_BYTES = 48 * MIB;
const PAGE_ENTRIES = 1000;

type SortedPage = Array<readonly [Uint8Array, Uint8Array]>;

/** An external sort. */
export class EntrySorter {
  readonly #folder: string;
  readonly #limitBytes: number;
  readonly #paths: string[] = [];
  #held: Entry[] = [];
  #heldBytes = 0;
  #count = 0;

  /** @param folder made when it is needed; the caller removes it */
  constructor(folder: string, limitBytes = DEFAULT_LIMIT_BYTES) {
    this.#folder = folder;
    this.#limitBytes = limitBytes;
  }

  /** Entries added. */
  get count(): number {
    return this.#count;
  }

  /** Tables written because memory was full. */
  get spilledTables(): number {
    return this.#paths.length;
  }

  add(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      this.#held.push(entry);
      this.#heldBytes += entry.key.length + entry.value.length;
      this.#count += 1;
    }
    if (this.#heldBytes >= this.#limitBytes) this.#spill();
  }

  /** All entries, in order. To be called once, when all are added. */
  async *pages(): AsyncGenerator<SortedPage, void, undefined> {
    if (this.#paths.length === 0) {
      yield* this.#heldPages();
      return;
    }
    this.#spill();
    yield* this.#mergedPages();
  }

  *#heldPages(): Generator<SortedPage, void, undefined> {
    const sorted = this.#takeSorted();
    for (let at = 0; at < sorted.length; at += PAGE_ENTRIES) {
      yield sorted.slice(at, at + PAGE_ENTRIES).map(({ key, value }) => [key, value] as const);
    }
  }

  *#mergedPages(): Generator<SortedPage, void, undefined> {
    const readers: TableReader[] = [];
    try {
      for (const path of this.#paths) {
        readers.push(TableReader.open(nodeFileSystem, path, { verifyChecksums: true }));
      }
      const merged = mergeTables(readers);
      let page: SortedPage = [];
      let before: Uint8Array | undefined;
      for (; merged.valid; merged.next()) {
        const internalKey = merged.key;
        const key = internalKey.subarray(0, internalKey.length - TRAILER_BYTES);
        if (before !== undefined && compareBytes(before, key) === 0) throw duplicate(key);
        before = key;
        page.push([key, merged.value]);
        if (page.length < PAGE_ENTRIES) continue;
        yield page;
        page = [];
      }
      if (page.length > 0) yield page;
    } finally {
      for (const reader of readers) reader.close();
    }
  }

  #spill(): void {
    if (this.#held.length === 0) return;
    mkdirSync(this.#folder, { recursive: true });
    const path = join(this.#folder, `sorted-${this.#paths.length + 1}.ldb`);
    const file = nodeFileSystem.open(path, 'create');
    try {
      // Read once, soon: no filter, no compression.
      const builder = new TableBuilder(file, { compression: 'none', bloomBitsPerKey: 0, path });
      for (const { key, value } of this.#takeSorted()) {
        builder.add(makeInternalKey(key, this.#paths.length + 1, 'value'), value);
      }
      builder.finish();
    } finally {
      file.close();
    }
    this.#paths.push(path);
  }

  #takeSorted(): Entry[] {
    const sorted = this.#held.sort((a, b) => compareBytes(a.key, b.key));
    this.#held = [];
    this.#heldBytes = 0;
    for (let at = 1; at < sorted.length; at++) {
      const { key } = sorted[at] as Entry;
      if (compareBytes((sorted[at - 1] as Entry).key, key) === 0) throw duplicate(key);
    }
    return sorted;
  }
}

function duplicate(key: Uint8Array): CliError {
  const classified = classifyKey(key);
  const what =
    classified.kind === 'sync'
      ? `${classified.key.bucket} ${classified.key.elements.map((id) => JSON.stringify(id)).join(' ')}`
      : toHex(key);
  return new CliError('SSTITCH_IMPORT_INVALID', `the file holds a record twice: ${what}`);
}
