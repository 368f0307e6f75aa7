// Loads records into a store in bulk: encoded into arenas here, sorted and built into tables by the engine's
// worker threads meanwhile, and put in place in one commit.
//
// Invariants: entries that no thread has taken yet come to `MAX_HELD_BYTES`, and one record, at most.

import type { Span } from '@sstitch/contract';
import { EngineError, type Store, TableLoader } from '@sstitch/engine';
import { bucketLayout, classifyKey, toHex } from '@sstitch/keys';
import { type IndexBucket, listedIds, RecordArenas, type SyncRecord } from '@sstitch/records';
import { CliError } from './errors.js';

const MIB = 1024 * 1024;
const MAX_HELD_BYTES = 32 * MIB;

export interface BulkImportOptions {
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue 32 MiB */
  readonly maxHeldBytes?: number;
}

/** A bulk load under way. */
export class BulkImport {
  readonly #arenas = new RecordArenas();
  readonly #loader: TableLoader;
  readonly #signal: AbortSignal | undefined;
  readonly #maxHeldBytes: number;

  /** @param directory an empty directory, which the caller removes after `end` */
  constructor(
    directory: string,
    { signal, maxHeldBytes = MAX_HELD_BYTES }: BulkImportOptions = {},
  ) {
    this.#loader = new TableLoader(directory, {
      signal,
      onWritten: (entries) => this.#arenas.reuse(entries),
    });
    this.#signal = signal;
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** Entries added so far. */
  get entries(): number {
    return this.#arenas.entries;
  }

  /**
   * Adds a record with its index entries. To be followed by `room` every now and then.
   *
   * @param value the record's bytes, where they are not those of `encodeRecord`
   * @throws RecordsError, KeysError
   */
  add(syncId: string, record: SyncRecord, value?: Uint8Array): void {
    this.#arenas.add(syncId, record, value);
  }

  /** Settles when there is room for more records; at once for the most part. */
  async room(): Promise<void> {
    const pages = this.#arenas.takeFull();
    // Many syncs, of which none fills an arena.
    if (this.#arenas.heldBytes > this.#maxHeldBytes) {
      pages.push(...this.#arenas.takeDownTo(this.#maxHeldBytes / 2));
    }
    if (pages.length > 0) await told(this.#loader.add(pages));
  }

  /**
   * Makes the store hold, in the spans, what was added.
   *
   * @throws CliError SSTITCH_IMPORT_INVALID where a record came twice; EngineError
   */
  async commit(store: Store<Uint8Array, Uint8Array>, spans: readonly Span[]): Promise<void> {
    await told(this.#loader.add(this.#arenas.takeDownTo(0)));
    const tables = await told(this.#loader.finish(spans));
    await store.ingestAndExcise(tables, {
      move: true,
      ...(this.#signal && { signal: this.#signal }),
    });
  }

  /** To be called in any case: settles when nothing writes to the directory any more. */
  end(): Promise<void> {
    return this.#loader.end();
  }
}

/** Tells of a key that came twice in the words of records. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof EngineError) || error.key === undefined) throw error;
    throw new CliError(
      'SSTITCH_IMPORT_INVALID',
      `the file holds a record twice: ${nameOf(error.key)}`,
      {
        cause: error,
      },
    );
  }
}

/** The record of a key, or the one that an index key lists. */
function nameOf(key: Uint8Array): string {
  const classified = classifyKey(key);
  if (classified.kind !== 'sync') return toHex(key);
  const { bucket, elements } = classified.key;
  const { kind, indexOf } = bucketLayout(bucket);
  const ids = kind === 'index' ? listedIds(bucket as IndexBucket, elements) : elements;
  return [indexOf ?? bucket, ...ids.map((id) => JSON.stringify(id))].join(' ');
}
