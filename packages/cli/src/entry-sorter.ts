// Sorts the entries of an import by key, in bounded memory.
//
// Entries are held until they come to a limit, then sorted and written as a table of a scratch folder;
// at the end the tables are merged. The same key twice means that the input has a record twice: that is
// refused, as nobody can know which one is meant and what index entries the other one left.
//
// Invariants: every table in `#paths` is sorted and whole.
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
import { HeldEntries, repeatedKey } from './held-entries.js';

const MIB = 1024 * 1024;
/** Keys and values held; their order, and what growing leaves behind, come to as much again at most. */
const DEFAULT_LIMIT_BYTES = 48 * MIB;
const PAGE_ENTRIES = 1000;

type SortedPage = Array<readonly [Uint8Array, Uint8Array]>;

/** An external sort. */
export class EntrySorter {
  readonly #folder: string;
  readonly #limitBytes: number;
  readonly #paths: string[] = [];
  #held = new HeldEntries();
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
      this.#held.add(entry);
      this.#count += 1;
      if (this.#held.sizeBytes >= this.#limitBytes) this.#spill();
    }
  }

  /** All entries, in order. To be called once, when all are added. */
  async *pages(): AsyncGenerator<SortedPage, void, undefined> {
    if (this.#paths.length === 0) {
      yield* this.#heldPages();
      return;
    }
    this.#spill();
    // Its memory is not needed any more.
    this.#held = new HeldEntries();
    yield* this.#mergedPages();
  }

  *#heldPages(): Generator<SortedPage, void, undefined> {
    const held = this.#held;
    const order = sortedOnce(held);
    for (let at = 0; at < order.length; at += PAGE_ENTRIES) {
      const page: SortedPage = [];
      for (const entry of order.subarray(at, at + PAGE_ENTRIES)) {
        const keyEnd = held.keyEnd(entry);
        page.push([held.keyOf(entry), held.bytes.subarray(keyEnd, held.valueEnd(entry))]);
      }
      yield page;
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
    const held = this.#held;
    if (held.count === 0) return;
    mkdirSync(this.#folder, { recursive: true });
    const path = join(this.#folder, `sorted-${this.#paths.length + 1}.ldb`);
    const order = sortedOnce(held);
    const file = nodeFileSystem.open(path, 'create');
    try {
      // Read once, soon: no filter, no compression.
      const builder = new TableBuilder(file, { compression: 'none', bloomBitsPerKey: 0, path });
      const trailer = makeInternalKey(new Uint8Array(0), this.#paths.length + 1, 'value');
      let keyBytes = new Uint8Array(1024);
      for (const entry of order) {
        const key = held.keyOf(entry);
        const keyLength = key.length + TRAILER_BYTES;
        if (keyLength > keyBytes.length) keyBytes = new Uint8Array(2 * keyLength);
        keyBytes.set(key);
        keyBytes.set(trailer, key.length);
        const [valueStart, valueEnd] = [held.keyEnd(entry), held.valueEnd(entry)];
        const { bytes: data } = held;
        builder.addFrom({ valid: true, keyBytes, keyLength, data, valueStart, valueEnd });
      }
      builder.finish();
    } finally {
      file.close();
    }
    held.clear();
    this.#paths.push(path);
  }
}

/** The order of the entries' keys, of which none may come twice. */
function sortedOnce(held: HeldEntries): Uint32Array {
  const order = held.sorted();
  const repeated = repeatedKey(held, order);
  if (repeated !== undefined) throw duplicate(repeated);
  return order;
}

function duplicate(key: Uint8Array): CliError {
  const classified = classifyKey(key);
  const what =
    classified.kind === 'sync'
      ? `${classified.key.bucket} ${classified.key.elements.map((id) => JSON.stringify(id)).join(' ')}`
      : toHex(key);
  return new CliError('SSTITCH_IMPORT_INVALID', `the file holds a record twice: ${what}`);
}
