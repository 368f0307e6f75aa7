// Writes a run: sorted entries to blocks, blocks to chunks of about 1 MiB, chunks to the backend while the next ones
// are built.
//
// Invariants:
// - the owner has joined before the first intent is written, and an intent covers a chunk before the chunk is written,
//   under a lease that is still valid: whatever happens, a collector finds what there is;
// - a chunk that is sent again has the same bytes;
// - when `writeRun` fulfils, all rows of the run are durable; when it rejects, it has dropped them, or the collector
//   will, by the intent;
// - at most IN_FLIGHT_BYTES and one chunk more are in memory.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { ClusterError, throwIfAborted } from '../errors.js';
import type { RunRef } from '../log/edits.js';
import type { ClusterPort } from '../port.js';
import { BlockWriter, entryBytes, type RunEntry } from './block.js';
import { encodeRunIndex, type IndexedBlock } from './run-index.js';

const CHUNK_BYTES = 1024 * 1024;
/** A block of this size is a chunk of its own. */
const LARGE_BLOCK_BYTES = CHUNK_BYTES / 2;
const IN_FLIGHT_BYTES = 8 * CHUNK_BYTES;
/** How many further chunks an intent covers: one intent serves about 64 MiB. */
const CHUNKS_PER_INTENT = 64;
const WRITE_ATTEMPTS = 4;
const FIRST_RETRY_MS = 100;

/** The process that writes a run, as the log knows it; a LogClient is one. */
export interface RunOwner {
  readonly owner: string;
  /** Fulfils once the owner has joined. */
  join(): Promise<void>;
  /** @throws ClusterError SSTITCH_LEASE_LOST */
  checkLease(): void;
}

/** The parts of a store that write a run, and the options of the run. */
export interface RunWriterOptions {
  readonly port: ClusterPort;
  readonly clock: Clock;
  readonly client: RunOwner;
  /** A block ends once it has this size. */
  readonly blockSizeBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Makes the run's UUID. @defaultValue `crypto.randomUUID` */
  readonly newId?: (() => string) | undefined;
}

/** A run that is durable, and that no state names yet. */
export interface WrittenRun {
  readonly run: RunRef;
  /** A state names the run: its intent is no longer needed. Never rejects; the collector completes what fails here. */
  keep(): Promise<void>;
  /** No state will ever name the run: deletes it. Never rejects. */
  drop(): Promise<void>;
}

/** Sorted entries in pages; their bytes are read before the next page is asked for. */
export type RunPages = AsyncIterable<readonly RunEntry[]> | Iterable<readonly RunEntry[]>;

/**
 * Writes entries as a run. Closes `pages` in any case.
 *
 * @returns undefined if there are no entries
 * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_ABORTED, what `pages` and the client throw
 */
export async function writeRun(
  pages: RunPages,
  options: RunWriterOptions,
): Promise<WrittenRun | undefined> {
  const writer = new RunWriter(options);
  try {
    throwIfAborted(options.signal);
    for await (const page of pages) {
      throwIfAborted(options.signal);
      for (const entry of page) {
        const full = writer.add(entry);
        if (full) await writer.send();
      }
    }
    throwIfAborted(options.signal);
    return await writer.finish();
  } catch (error) {
    await writer.drop();
    throw error;
  }
}

class RunWriter {
  readonly #options: RunWriterOptions;
  readonly #id: string;
  readonly #block = new BlockWriter();
  #firstKey: Uint8Array | undefined;
  /** Blocks of the next chunk. */
  #chunk: Uint8Array[] = [];
  #chunkBytes = 0;
  /** Full chunks that are not sent yet: two after a block that is a chunk of its own. */
  #full: Uint8Array[][] = [];
  #chunks = 0;
  #intendedChunks = 0;
  readonly #blocks: IndexedBlock[] = [];
  #entries = 0;
  #bytes = 0;
  readonly #inFlight = new Set<Promise<void>>();
  #inFlightBytes = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: RunWriterOptions) {
    this.#options = options;
    this.#id = (options.newId ?? randomUUID)();
  }

  /** Adds an entry. Returns whether a chunk is full: the caller then awaits `send`. */
  add(entry: RunEntry): boolean {
    const size = entryBytes(entry);
    if (!this.#block.isEmpty && this.#block.sizeBytes + size > 2 * this.#options.blockSizeBytes) {
      this.#endBlock();
    }
    this.#block.add(entry);
    this.#firstKey ??= Uint8Array.from(entry.key);
    this.#entries += 1;
    if (this.#block.sizeBytes >= this.#options.blockSizeBytes) this.#endBlock();
    return this.#full.length > 0;
  }

  #endBlock(): void {
    if (this.#firstKey === undefined) return;
    const block = this.#block.finish();
    const fits = this.#chunkBytes + block.length <= CHUNK_BYTES + LARGE_BLOCK_BYTES;
    if (!fits) this.#endChunk();
    this.#blocks.push({
      chunk: this.#chunks,
      lengthBytes: block.length,
      firstKey: this.#firstKey,
    });
    this.#firstKey = undefined;
    this.#chunk.push(block);
    this.#chunkBytes += block.length;
    this.#bytes += block.length;
    if (this.#chunkBytes >= CHUNK_BYTES) this.#endChunk();
  }

  #endChunk(): void {
    if (this.#chunk.length === 0) return;
    this.#full.push(this.#chunk);
    this.#chunk = [];
    this.#chunkBytes = 0;
    this.#chunks += 1;
  }

  /** Sends full chunks. Waits while too much is in flight. */
  async send(): Promise<void> {
    const full = this.#full;
    this.#full = [];
    for (const [index, blocks] of full.entries()) {
      const number = this.#chunks - full.length + index;
      const bytes = blocks.reduce((sum, block) => sum + block.length, 0);
      while (this.#inFlight.size > 0 && this.#inFlightBytes + bytes > IN_FLIGHT_BYTES) {
        await Promise.race(this.#inFlight);
      }
      this.#throwIfFailed();
      if (number >= this.#intendedChunks) await this.#intend(number + CHUNKS_PER_INTENT);
      this.#inFlightBytes += bytes;
      const sending = this.#retrying(() => this.#options.port.writeChunk(this.#id, number, blocks))
        .catch((error: unknown) => {
          this.#failure ??= { error };
        })
        .finally(() => {
          this.#inFlight.delete(sending);
          this.#inFlightBytes -= bytes;
        });
      this.#inFlight.add(sending);
    }
  }

  async #intend(chunks: number): Promise<void> {
    const { port, client } = this.#options;
    if (this.#intendedChunks === 0) await client.join();
    throwIfAborted(this.#options.signal);
    // Counts as written even if the call fails: it may have taken effect.
    this.#intendedChunks = chunks;
    await this.#retrying(() => port.writeLoad({ run: this.#id, owner: client.owner, chunks }));
    // A process that slept may have written an intent that a collector has read past: its chunks would stay.
    client.checkLease();
  }

  async finish(): Promise<WrittenRun | undefined> {
    this.#endBlock();
    this.#endChunk();
    const [first] = this.#blocks;
    if (first === undefined) return undefined;
    await this.send();
    await this.#settle();
    this.#throwIfFailed();
    throwIfAborted(this.#options.signal);
    const index = encodeRunIndex(this.#blocks);
    await this.#retrying(() => this.#options.port.writeRunIndex(this.#id, index));
    return {
      run: {
        id: this.#id,
        chunks: this.#chunks,
        blocks: this.#blocks.length,
        entries: this.#entries,
        bytes: this.#bytes,
        first: first.firstKey,
        last: this.#block.lastKey,
      },
      keep: () => this.#deleteIntent(),
      drop: () => this.drop(),
    };
  }

  /** Deletes what was written, as far as the backend answers. */
  async drop(): Promise<void> {
    await this.#settle();
    if (this.#intendedChunks === 0) return;
    try {
      await this.#options.port.deleteRun(this.#id, this.#chunks);
    } catch {
      // The intent stays, so that the collector deletes the run once this process has ended.
      return;
    }
    await this.#deleteIntent();
  }

  async #deleteIntent(): Promise<void> {
    await this.#options.port.deleteLoad(this.#id).catch(() => undefined);
  }

  async #settle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Repeats an idempotent write while the backend is unavailable. */
  async #retrying(write: () => Promise<void>): Promise<void> {
    const { clock, signal } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await write();
      } catch (error) {
        const isTransient =
          error instanceof ClusterError && error.code === 'SSTITCH_CLUSTER_UNAVAILABLE';
        if (!isTransient || attempt === WRITE_ATTEMPTS) throw error;
      }
      throwIfAborted(signal);
      await clock.sleep(FIRST_RETRY_MS * 2 ** (attempt - 1));
    }
  }
}
