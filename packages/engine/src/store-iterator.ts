// Iterators and snapshots of a store: those of one generation, which they keep alive until they close.
import { AbstractIterator, type AbstractLevel, AbstractSnapshot } from 'abstract-level';
import type { Generation } from './generation.js';
import type { NativeBytes, NativeIterator, NativeRangeOptions } from './level-database.js';

/** A store, whatever its encodings: iterators do not look at them. */
export type AnyStore = AbstractLevel<string | Buffer | Uint8Array, unknown, unknown>;

/**
 * Hands every call on to the generation's iterator; keys and values pass through as they are. One made
 * on a closed snapshot has no inner iterator, for the generation's database may be closed by then:
 * abstract-level refuses to read from it with LEVEL_SNAPSHOT_NOT_OPEN.
 */
export class StoreIterator extends AbstractIterator<AnyStore, unknown, unknown> {
  readonly #inner: NativeIterator | undefined;
  readonly #generation: Generation;

  constructor(
    store: AnyStore,
    options: NativeRangeOptions,
    generation: Generation,
    innerOptions: NativeRangeOptions | undefined,
  ) {
    super(store, options as object);
    this.#generation = generation;
    generation.retain();
    if (innerOptions !== undefined) this.#inner = generation.database._iterator(innerOptions);
  }

  _next(): Promise<[NativeBytes, NativeBytes] | undefined> {
    return this.#inner?._next() ?? Promise.resolve(undefined);
  }

  _nextv(size: number, options: object): Promise<Array<[NativeBytes, NativeBytes]>> {
    return this.#inner?._nextv(size, options) ?? Promise.resolve([]);
  }

  _seek(target: NativeBytes, options: object): void {
    this.#inner?._seek(target, options);
  }

  async _close(): Promise<void> {
    try {
      await this.#inner?.close();
    } finally {
      this.#generation.release();
    }
  }
}

/** abstract-level's types leave out the constructor that implementations call. */
const SnapshotBase = AbstractSnapshot as unknown as new (options: object) => AbstractSnapshot;

/** A snapshot of one generation. */
export class StoreSnapshot extends SnapshotBase {
  readonly generation: Generation;
  readonly inner: AbstractSnapshot;

  constructor(options: object, generation: Generation) {
    super(options);
    this.generation = generation;
    this.inner = generation.database.snapshot();
    generation.retain();
  }

  async _close(): Promise<void> {
    try {
      await this.inner.close();
    } finally {
      this.generation.release();
    }
  }
}
