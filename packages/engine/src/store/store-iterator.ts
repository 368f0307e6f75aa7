// Iterators and snapshots of a store. Each belongs to one generation, which it keeps until it is closed.
import { AbstractIterator, type AbstractLevel, AbstractSnapshot } from 'abstract-level';
import type { NativeBytes, NativeIterator, NativeRangeOptions } from '../leveldb/level-database.js';
import type { Generation } from './generation.js';
import type { OpenReaders } from './open-readers.js';

/** A store with any encodings, which iterators do not use. */
export type AnyStore = AbstractLevel<string | Buffer | Uint8Array, unknown, unknown>;

/** The store and the generation that a reader belongs to. */
export interface ReaderHome {
  readonly store: AnyStore;
  readonly readers: OpenReaders;
  readonly generation: Generation;
}

/**
 * Forwards every call to an iterator of the generation's database. An iterator that is made on a closed snapshot has no
 * inner iterator, as the database may be closed; abstract-level refuses to read from it (LEVEL_SNAPSHOT_NOT_OPEN).
 */
export class StoreIterator extends AbstractIterator<AnyStore, unknown, unknown> {
  readonly #inner: NativeIterator | undefined;
  readonly #hold: { end(): Promise<void> };

  constructor(
    { store, readers, generation }: ReaderHome,
    options: NativeRangeOptions,
    innerOptions: NativeRangeOptions | undefined,
  ) {
    super(store, options as object);
    this.#inner =
      innerOptions === undefined ? undefined : generation.database._iterator(innerOptions);
    this.#hold = readers.open(this, 'iterator', generation, this.#inner);
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

  _close(): Promise<void> {
    return this.#hold.end();
  }
}

/** abstract-level's types omit the constructor that implementations call. */
const SnapshotBase = AbstractSnapshot as unknown as new (options: object) => AbstractSnapshot;

/** A snapshot of one generation. */
export class StoreSnapshot extends SnapshotBase {
  /** The store that it belongs to. Other stores refuse it. */
  readonly store: AnyStore;
  readonly generation: Generation;
  readonly inner: AbstractSnapshot;
  readonly #hold: { end(): Promise<void> };

  constructor({ store, readers, generation }: ReaderHome, options: object) {
    super(options);
    this.store = store;
    this.generation = generation;
    this.inner = generation.database.snapshot();
    this.#hold = readers.open(this, 'snapshot', generation, this.inner);
  }

  _close(): Promise<void> {
    return this.#hold.end();
  }
}
