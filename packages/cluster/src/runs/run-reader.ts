// Reads runs. Indexes and single blocks go through a cache; chunks of long scans do not, so that a scan evicts nothing.
//
// Invariants:
// - what a read returned is used only after the lease was checked: a process that slept may have read what a collector
//   was deleting;
// - a row that is missing is an error, never "no such key".
import { compareBytes, keyAfter, type Span } from '@sstitch/contract';
import { ClusterError } from '../errors.js';
import type { RunRef } from '../log/edits.js';
import type { ClusterPort } from '../port.js';
import { contentsOfBlock, type FoundEntry, findInBlock } from './block.js';
import type { BlockCache } from './block-cache.js';
import { decodeRunIndex, type RunIndex } from './run-index.js';

/** The parts of a store that read runs. */
export interface RunReaderOptions {
  readonly port: ClusterPort;
  readonly cache: BlockCache;
  /** @throws ClusterError SSTITCH_LEASE_LOST */
  readonly checkLease: () => void;
}

/** Reads the runs of one store. */
export class RunReader {
  readonly #options: RunReaderOptions;
  /** Reads in progress, which later callers share. */
  readonly #loading = new Map<string, Promise<object>>();

  constructor(options: RunReaderOptions) {
    this.#options = options;
  }

  /** @throws ClusterError SSTITCH_VIEW_GONE, SSTITCH_CLUSTER_CORRUPT, SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_LEASE_LOST */
  index(run: RunRef): Promise<RunIndex> {
    return this.#cached(run.id, async () => {
      const parts = await this.#options.port.readRunIndex(run.id);
      this.#options.checkLease();
      const index = decodeRunIndex(parts, `run ${run.id}`);
      if (index === undefined) throw gone(`the index of run ${run.id}`);
      if (index.blockCount !== run.blocks || index.chunkCount !== run.chunks) {
        throw corrupt(
          `the index of run ${run.id} has ${index.blockCount} blocks, not ${run.blocks}`,
        );
      }
      return { value: index, bytes: index.memoryBytes };
    });
  }

  /** The contents of a block. @throws as `index` */
  block(run: RunRef, index: RunIndex, number: number): Promise<Uint8Array> {
    const { chunk } = index.block(number);
    return this.#cached(`${run.id} ${number}`, async () => {
      const place = number - index.chunkStart(chunk);
      const stored = await this.#options.port.readBlock(run.id, chunk, place);
      this.#options.checkLease();
      const value = checkedContents(run, index, number, stored);
      return { value, bytes: value.length };
    });
  }

  /** The contents of all blocks of a chunk, in order. @throws as `index` */
  async chunk(run: RunRef, index: RunIndex, chunk: number): Promise<Uint8Array[]> {
    const stored = await this.#options.port.readChunk(run.id, chunk);
    this.#options.checkLease();
    const first = index.chunkStart(chunk);
    const count = index.chunkStart(chunk + 1) - first;
    if (stored.length > count) {
      throw corrupt(`chunk ${chunk} of run ${run.id} has ${stored.length} blocks, not ${count}`);
    }
    return Array.from({ length: count }, (_, place) =>
      checkedContents(run, index, first + place, stored[place]),
    );
  }

  /** What the run holds under a key. The value is a view of a cached block. @throws as `index` */
  async find(run: RunRef, key: Uint8Array): Promise<FoundEntry | undefined> {
    if (!runOverlaps(run, { start: key, end: keyAfter(key) })) return undefined;
    const index = await this.index(run);
    const number = index.blockOf(key);
    if (number < 0) throw corrupt(`the index of run ${run.id} starts after the run`);
    return findInBlock(await this.block(run, index, number), key);
  }

  async #cached<T extends object>(
    id: string,
    read: () => Promise<{ value: T; bytes: number }>,
  ): Promise<T> {
    const { cache } = this.#options;
    const found = cache.get(id);
    // An id stands for one kind of value.
    if (found !== undefined) return found as T;
    const loading = this.#loading.get(id);
    if (loading !== undefined) return (await loading) as T;
    const started = read().then(({ value, bytes }) => {
      cache.set(id, value, bytes);
      return value;
    });
    this.#loading.set(id, started);
    try {
      return await started;
    } finally {
      this.#loading.delete(id);
    }
  }
}

/** Whether keys of a run lie on both sides of a span, or in it. It may still hold none in it. */
export function runOverlaps({ first, last }: RunRef, { start, end }: Span): boolean {
  return compareBytes(last, start) >= 0 && (end === undefined || compareBytes(first, end) < 0);
}

function checkedContents(
  run: RunRef,
  index: RunIndex,
  number: number,
  stored: Uint8Array | undefined,
): Uint8Array {
  const place = `block ${number} of run ${run.id}`;
  if (stored === undefined) throw gone(place);
  const { lengthBytes } = index.block(number);
  if (stored.length !== lengthBytes) {
    throw corrupt(`${place} has ${stored.length} bytes, not ${lengthBytes}`);
  }
  return contentsOfBlock(stored, place);
}

function gone(what: string): ClusterError {
  return new ClusterError(
    'SSTITCH_VIEW_GONE',
    `${what} no longer exists: another process collected it, or rows of the backend were lost`,
  );
}

function corrupt(message: string): ClusterError {
  return new ClusterError('SSTITCH_CLUSTER_CORRUPT', message);
}
