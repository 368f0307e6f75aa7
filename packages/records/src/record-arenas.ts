// Records on their way into a store in bulk: each record's entry and its index entries, unsorted, written
// into one piece of memory for each bucket of a sync. What all keys of a bucket begin with is kept once.
//
// Invariants of an arena: entry `i` lies in `bytes` from the end of the entry before it (0 for the first)
// to `ends[i]`: its key without the prefix up to `keyEnds[i]`, then its value.
import { type Bucket, buildKeyPrefix, parseSyncId, type SyncIdBytes } from '@sstitch/keys';
import { ByteArena } from './byte-arena.js';
import { encodeRecord } from './encode.js';
import { RecordsError } from './errors.js';
import { visitIndexes } from './indexes.js';
import { type MessageWriter, messageWriter } from './message-writer.js';
import {
  identityOf,
  primaryKey,
  RECORD_SCHEMAS,
  type SyncRecord,
  VALUE_BUCKETS,
  type ValueBucket,
} from './record-types.js';

/** Entries of one bucket and sync, not sorted; see the head of record-arenas.ts. */
export interface UnsortedEntries {
  /** What every key begins with. */
  readonly prefix: Uint8Array;
  /** Keys without the prefix, and values; may be longer than what is in use. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly keyEnds: Uint32Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly count: number;
}

const FIRST_BYTES = 4096;
const FIRST_ENTRIES = 64;

class BucketArena {
  readonly prefix: Uint8Array;
  readonly arena = new ByteArena(FIRST_BYTES);
  keyEnds: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ENTRIES);
  ends: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ENTRIES);
  count = 0;

  constructor(prefix: Uint8Array) {
    this.prefix = prefix;
  }

  /** What is allocated for it. */
  get heldBytes(): number {
    return this.arena.bytes.length + this.keyEnds.byteLength + this.ends.byteLength;
  }

  /** Ends an entry whose key, from the end of the entry before, ends at `keyEnd`. */
  endEntry(keyEnd: number): void {
    if (this.count === this.ends.length) {
      this.keyEnds = grown(this.keyEnds);
      this.ends = grown(this.ends);
    }
    this.keyEnds[this.count] = keyEnd;
    this.ends[this.count] = this.arena.length;
    this.count += 1;
  }
}

interface SyncArenas {
  readonly syncIdBytes: SyncIdBytes;
  readonly byBucket: Map<Bucket, BucketArena>;
}

/** Collects the entries of records, of any number of syncs. */
export class RecordArenas {
  readonly #syncs = new Map<string, SyncArenas>();
  #last: { readonly syncId: string; readonly arenas: SyncArenas } | undefined;
  #heldBytes = 0;
  #entries = 0;

  /** Memory that the entries not yet taken take. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Entries added so far, those taken included. */
  get entries(): number {
    return this.#entries;
  }

  /**
   * Adds a record's entry and its index entries.
   *
   * @param value the record's bytes, where they are not those of `encodeRecord`
   * @throws RecordsError SSTITCH_RECORD_SYNC_MISMATCH, SSTITCH_RECORD_INVALID, and KeysError on ids that
   * cannot be in a key: what was added of the record is then to be thrown away with all the rest
   */
  add(syncId: string, record: SyncRecord, value?: Uint8Array): void {
    const sync = this.#syncOf(syncId);
    const { bucket, ids } = identityOf(record);
    if (record.syncId !== syncId) {
      throw new RecordsError(
        'SSTITCH_RECORD_SYNC_MISMATCH',
        `a record of sync ${JSON.stringify(record.syncId)} cannot be put into sync ${syncId}`,
        { key: primaryKey(sync.syncIdBytes, record) },
      );
    }
    const own = this.#bucketOf(sync, bucket);
    const heldBytes = own.heldBytes;
    const { arena } = own;
    for (const id of ids) arena.element(id);
    const keyEnd = arena.length;
    if (value !== undefined) arena.copy(value);
    else if (!WRITERS[bucket](arena, record)) {
      arena.length = keyEnd;
      arena.copy(encodeRecord(record));
    }
    own.endEntry(keyEnd);
    this.#entries += 1;
    this.#heldBytes += own.heldBytes - heldBytes;
    visitIndexes(record, (index, elements) => this.#addIndexEntry(sync, index, elements));
  }

  /** Takes entries out, the largest arenas first, until no more than `heldBytes` are left. */
  takeDownTo(heldBytes: number): UnsortedEntries[] {
    const all = [...this.#syncs.values()].flatMap((arenas) =>
      [...arenas.byBucket].map(([bucket, arena]) => ({ arenas, bucket, arena })),
    );
    all.sort((a, b) => b.arena.heldBytes - a.arena.heldBytes);
    const taken: UnsortedEntries[] = [];
    for (const { arenas, bucket, arena } of all) {
      if (this.#heldBytes <= heldBytes) break;
      arenas.byBucket.delete(bucket);
      this.#heldBytes -= arena.heldBytes;
      const { prefix, keyEnds, ends, count } = arena;
      taken.push({ prefix, bytes: arena.arena.bytes, keyEnds, ends, count });
    }
    return taken;
  }

  #addIndexEntry(sync: SyncArenas, bucket: Bucket, elements: readonly string[]): void {
    const index = this.#bucketOf(sync, bucket);
    const heldBytes = index.heldBytes;
    for (const element of elements) index.arena.element(element);
    index.endEntry(index.arena.length);
    this.#entries += 1;
    this.#heldBytes += index.heldBytes - heldBytes;
  }

  #syncOf(syncId: string): SyncArenas {
    if (this.#last?.syncId === syncId) return this.#last.arenas;
    let arenas = this.#syncs.get(syncId);
    if (arenas === undefined) {
      arenas = { syncIdBytes: parseSyncId(syncId), byBucket: new Map() };
      this.#syncs.set(syncId, arenas);
    }
    this.#last = { syncId, arenas };
    return arenas;
  }

  #bucketOf(sync: SyncArenas, bucket: Bucket): BucketArena {
    let found = sync.byBucket.get(bucket);
    if (found === undefined) {
      found = new BucketArena(buildKeyPrefix(bucket, sync.syncIdBytes, []));
      sync.byBucket.set(bucket, found);
      this.#heldBytes += found.heldBytes;
    }
    return found;
  }
}

const WRITERS = Object.fromEntries(
  VALUE_BUCKETS.map((bucket) => [bucket, messageWriter(RECORD_SCHEMAS[bucket])]),
) as Record<ValueBucket, MessageWriter>;

function grown(numbers: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
