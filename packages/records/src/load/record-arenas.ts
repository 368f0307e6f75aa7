// Collects the records of a bulk load: each record's entry and its index entries, unsorted, in one arena for
// each bucket of a sync. The common prefix of a bucket's keys is stored once.
//
// Invariant of an arena: entry `i` lies in `bytes` from the end of the previous entry (0 for the first) to
// `ends[i]`: its key without the prefix up to `keyEnds[i]`, then its value.
import type { UnsortedEntries } from '@sstitch/contract';
import { type Bucket, buildKeyPrefix, parseSyncId, type SyncIdBytes } from '@sstitch/keys';
import { ArenaMemory } from '../encoding/arena-memory.js';
import { ByteArena } from '../encoding/byte-arena.js';
import { writeRecord } from '../encoding/encode.js';
import type { RecordScanner } from '../encoding/record-scanner.js';
import { KEY_FIELDS, type ScannedField } from '../encoding/scanned-fields.js';
import { RecordsError } from '../errors.js';
import { visitIndexes, visitScannedIndexes } from '../indexes/indexes.js';
import { checkSync } from '../indexes/record-entries.js';
import { identityOf, primaryKey, type SyncRecord } from '../record-types.js';

/** The size at which an arena is full, to be taken before it must grow again: its block is slightly larger. */
export const FULL_ARENA_BYTES = 1.75 * 1024 * 1024;
/** That block. An arena with a larger record has a larger one. */
const FULL_BLOCK_BYTES = 2 * 1024 * 1024;

/** The initial size of an arena. */
interface ArenaSize {
  readonly bytes: number;
  readonly entries: number;
}

const FIRST_SIZE: ArenaSize = { bytes: 4096, entries: 256 };

class BucketArena {
  readonly prefix: Uint8Array;
  readonly arena: ByteArena;
  readonly #memory: ArenaMemory;
  keyEnds: Uint32Array;
  ends: Uint32Array;
  count = 0;

  constructor(memory: ArenaMemory, prefix: Uint8Array, size: ArenaSize) {
    this.prefix = prefix;
    this.#memory = memory;
    this.arena = new ByteArena(memory, size.bytes);
    this.keyEnds = takeNumbers(memory, size.entries);
    this.ends = takeNumbers(memory, size.entries);
  }

  get isFull(): boolean {
    return this.arena.length >= FULL_ARENA_BYTES;
  }

  get nextSize(): ArenaSize {
    const bytes = Math.min(this.arena.bytes.length, FULL_BLOCK_BYTES);
    return { bytes, entries: this.ends.length };
  }

  /** The memory of its blocks in bytes. For thousands of small arenas it is much more than the size of their entries. */
  get heldBytes(): number {
    return this.arena.bytes.length + this.keyEnds.byteLength + this.ends.byteLength;
  }

  /** Ends an entry whose key extends from the end of the previous entry to `keyEnd`. */
  endEntry(keyEnd: number): void {
    if (this.count === this.keyEnds.length) this.keyEnds = this.#grown(this.keyEnds);
    if (this.count === this.ends.length) this.ends = this.#grown(this.ends);
    this.keyEnds[this.count] = keyEnd;
    this.ends[this.count] = this.arena.length;
    this.count += 1;
  }

  #grown(numbers: Uint32Array): Uint32Array {
    const larger = takeNumbers(this.#memory, 2 * numbers.length);
    larger.set(numbers);
    this.#memory.give(numbers);
    return larger;
  }
}

interface SyncArenas {
  readonly syncIdBytes: SyncIdBytes;
  readonly byBucket: Map<Bucket, BucketArena>;
  /**
   * The sizes with which arenas begin that follow full ones, so that they need not grow. Those that follow one taken before
   * it was full begin small: if their blocks alone exceeded the limit, each would be taken with its first entries.
   */
  readonly sizes: Map<Bucket, ArenaSize>;
}

interface Place {
  readonly sync: SyncArenas;
  readonly bucket: Bucket;
  readonly arena: BucketArena;
}

/** The place of an element of a key, with its separator, in an arena. */
interface WrittenElement {
  readonly text: string | undefined;
  readonly arena: ByteArena;
  readonly from: number;
  readonly to: number;
}

/** Collects the entries of the records of any number of syncs. */
export class RecordArenas {
  readonly #memory = new ArenaMemory();
  readonly #syncs = new Map<string, SyncArenas>();
  #last: { readonly syncId: string; readonly arenas: SyncArenas } | undefined;
  #full: Place[] = [];
  #heldBytes = 0;
  #entries = 0;

  /** The memory of the entries that are not taken yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The number of entries added so far, including those taken. */
  get entries(): number {
    return this.#entries;
  }

  /**
   * Adds a record's entry and its index entries.
   *
   * @param value the record's bytes, if they differ from those of `encodeRecord`
   * @throws RecordsError SSTITCH_RECORD_SYNC_MISMATCH, SSTITCH_RECORD_INVALID, and KeysError on ids that cannot
   * be in a key. The arenas then hold a part of the record, so the caller must discard all of them
   */
  add(syncId: string, record: SyncRecord, value?: Uint8Array): void {
    const sync = this.#syncOf(syncId);
    const { bucket, ids } = identityOf(record);
    checkSync(sync.syncIdBytes, syncId, record);
    if (value !== undefined && !(value instanceof Uint8Array)) {
      throw new RecordsError('SSTITCH_RECORD_INVALID', `the value of a ${bucket} must be bytes`, {
        key: primaryKey(sync.syncIdBytes, record),
      });
    }
    const own = this.#bucketOf(sync, bucket);
    const { heldBytes, isFull, arena } = own;
    let lastIdAt = arena.length;
    for (const id of ids) {
      lastIdAt = arena.length;
      arena.element(id);
    }
    const keyEnd = arena.length;
    if (value !== undefined) arena.copy(value);
    else writeRecord(arena, bucket, record);
    own.endEntry(keyEnd);
    this.#added({ sync, bucket, arena: own }, heldBytes, isFull);
    // Most index keys end in the last element of the record's own key, which is copied.
    const lastId = { text: ids.at(-1), arena, from: lastIdAt, to: keyEnd };
    visitIndexes(record, (index, elements) => this.#addIndexEntry(sync, index, elements, lastId));
  }

  /**
   * Adds a scanned record and its index entries.
   *
   * @throws KeysError on an invalid sync id, as `add` does
   */
  addScanned(syncId: string, scanned: RecordScanner): void {
    const sync = this.#syncOf(syncId);
    const { bucket } = scanned;
    const own = this.#bucketOf(sync, bucket);
    const { heldBytes, isFull, arena } = own;
    addElements(arena, scanned, KEY_FIELDS[bucket]);
    const keyEnd = arena.length;
    arena.copy(scanned.bytes, scanned.start, scanned.end);
    own.endEntry(keyEnd);
    this.#added({ sync, bucket, arena: own }, heldBytes, isFull);
    visitScannedIndexes(scanned, (indexBucket, fields) => {
      const index = this.#bucketOf(sync, indexBucket);
      const { heldBytes, isFull, arena } = index;
      addElements(arena, scanned, fields);
      index.endEntry(arena.length);
      this.#added({ sync, bucket: indexBucket, arena: index }, heldBytes, isFull);
    });
  }

  /** Takes the full arenas. */
  takeFull(): UnsortedEntries[] {
    const full = this.#full;
    this.#full = [];
    return full.map((place) => {
      place.sync.sizes.set(place.bucket, place.arena.nextSize);
      return this.#take(place);
    });
  }

  /** Takes arenas, the largest first, until at most `heldBytes` are left. */
  takeDownTo(heldBytes: number): UnsortedEntries[] {
    const places = [...this.#syncs.values()].flatMap((sync) =>
      [...sync.byBucket].map(([bucket, arena]): Place => ({ sync, bucket, arena })),
    );
    places.sort((a, b) => b.arena.heldBytes - a.arena.heldBytes);
    const taken: UnsortedEntries[] = [];
    for (const place of places) {
      if (this.#heldBytes <= heldBytes) break;
      place.sync.sizes.delete(place.bucket);
      taken.push(this.#take(place));
    }
    this.#full = this.#full.filter(
      ({ sync, bucket, arena }) => sync.byBucket.get(bucket) === arena,
    );
    return taken;
  }

  /** Accepts the memory of taken entries for reuse. */
  reuse({ bytes, keyEnds, ends }: UnsortedEntries): void {
    for (const block of [bytes, keyEnds, ends]) this.#memory.give(block);
  }

  #addIndexEntry(
    sync: SyncArenas,
    bucket: Bucket,
    elements: readonly string[],
    known: WrittenElement,
  ): void {
    const index = this.#bucketOf(sync, bucket);
    const { heldBytes, isFull, arena } = index;
    for (const element of elements) {
      if (element === known.text) arena.copy(known.arena.bytes, known.from, known.to);
      else arena.element(element);
    }
    index.endEntry(arena.length);
    this.#added({ sync, bucket, arena: index }, heldBytes, isFull);
  }

  #added(place: Place, heldBytes: number, wasFull: boolean): void {
    this.#entries += 1;
    this.#heldBytes += place.arena.heldBytes - heldBytes;
    if (!wasFull && place.arena.isFull) this.#full.push(place);
  }

  #take({ sync, bucket, arena: { prefix, arena, keyEnds, ends, count, heldBytes } }: Place) {
    sync.byBucket.delete(bucket);
    this.#heldBytes -= heldBytes;
    return { prefix, bytes: arena.bytes, keyEnds, ends, count };
  }

  #syncOf(syncId: string): SyncArenas {
    if (this.#last !== undefined && this.#last.syncId === syncId) return this.#last.arenas;
    let arenas = this.#syncs.get(syncId);
    if (arenas === undefined) {
      arenas = { syncIdBytes: parseSyncId(syncId), byBucket: new Map(), sizes: new Map() };
      this.#syncs.set(syncId, arenas);
    }
    this.#last = { syncId, arenas };
    return arenas;
  }

  #bucketOf(sync: SyncArenas, bucket: Bucket): BucketArena {
    let found = sync.byBucket.get(bucket);
    if (found === undefined) {
      const prefix = buildKeyPrefix(bucket, sync.syncIdBytes, []);
      found = new BucketArena(this.#memory, prefix, sync.sizes.get(bucket) ?? FIRST_SIZE);
      sync.byBucket.set(bucket, found);
      this.#heldBytes += found.heldBytes;
    }
    return found;
  }
}

function addElements(
  arena: ByteArena,
  scanned: RecordScanner,
  fields: readonly ScannedField[],
): void {
  for (const field of fields) {
    arena.plainElement(scanned.bytes, scanned.startOf(field), scanned.endOf(field));
  }
}

function takeNumbers(memory: ArenaMemory, least: number): Uint32Array {
  return new Uint32Array(memory.take(least * Uint32Array.BYTES_PER_ELEMENT).buffer);
}
