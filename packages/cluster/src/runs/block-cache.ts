// Caches of blocks and indexes of runs. Runs never change and their ids are never used again, so nothing in a cache is
// ever invalid, and stores can share one.
import { LRUCache } from 'lru-cache';

interface Cached {
  readonly value: object;
  readonly bytes: number;
}

/** The size of a cache, and how often it had a requested value. */
export interface CacheMetrics {
  /** What the cached blocks and indexes occupy, in bytes. */
  readonly bytes: number;
  /** Lookups that found their block or index in the cache, since the cache was created. */
  readonly hits: number;
  /** Lookups that had to read the database, since the cache was created. */
  readonly misses: number;
}

/** Keeps what was used last, up to a number of bytes. */
export class BlockCache {
  readonly #entries: LRUCache<string, Cached> | undefined;
  #hits = 0;
  #misses = 0;

  /** @param maxBytes 0 keeps nothing */
  constructor(maxBytes: number) {
    this.#entries =
      maxBytes === 0
        ? undefined
        : new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ bytes }) => Math.max(1, bytes) });
  }

  get(id: string): object | undefined {
    const found = this.#entries?.get(id);
    if (found === undefined) this.#misses += 1;
    else this.#hits += 1;
    return found?.value;
  }

  /** Keeps a value, unless it alone is larger than the cache. */
  set(id: string, value: object, bytes: number): void {
    this.#entries?.set(id, { value, bytes });
  }

  get metrics(): CacheMetrics {
    return {
      bytes: this.#entries?.calculatedSize ?? 0,
      hits: this.#hits,
      misses: this.#misses,
    };
  }
}

const PROCESS_CACHE_BYTES = 64 * 1024 * 1024;

/** The cache that the stores of a process share. */
export const processCache = new BlockCache(PROCESS_CACHE_BYTES);
