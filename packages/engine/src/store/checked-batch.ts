// A chained batch that checks keys and values, as the array form of `batch` does (checked-writes.ts).
import { AbstractChainedBatch } from 'abstract-level';
import type { NativeOperation } from '../leveldb/level-database.js';
import { ownOperation } from '../leveldb/own-bytes.js';

/** The method of the database that the batch calls. */
interface BatchDatabase {
  _batch(operations: readonly NativeOperation[], options: object): Promise<void>;
}

/** Throws for a key or a value that cannot be stored. */
export type CheckEntry = (what: 'key' | 'value', given: unknown, encoding: unknown) => void;

interface EntryOptions {
  readonly keyEncoding?: unknown;
  readonly valueEncoding?: unknown;
  readonly sublevel?: object | null | undefined;
}

export class CheckedBatch<D extends object, K, V> extends AbstractChainedBatch<D, K, V> {
  readonly #check: CheckEntry;
  #operations: NativeOperation[] = [];

  constructor(database: D, check: CheckEntry) {
    super(database);
    this.#check = check;
  }

  /** @throws EngineError SSTITCH_ENTRIES_INVALID */
  override put(key: unknown, value: unknown, options?: object): this {
    const { keyEncoding, valueEncoding, sublevel }: EntryOptions = options ?? {};
    // With a sublevel the encodings are the sublevel's, which are not checked here.
    if (sublevel == null) {
      this.#check('key', key, keyEncoding);
      this.#check('value', value, valueEncoding);
    }
    return super.put(key as K, value as V, options as object);
  }

  /** @throws EngineError SSTITCH_ENTRIES_INVALID */
  override del(key: unknown, options?: object): this {
    const { keyEncoding, sublevel }: EntryOptions = options ?? {};
    if (sublevel == null) this.#check('key', key, keyEncoding);
    return super.del(key as K, options as object);
  }

  /** Called by abstract-level with the encoded operation. */
  _put(_key: unknown, _value: unknown, operation: NativeOperation): void {
    this.#operations.push(ownOperation(operation));
  }

  /** Called by abstract-level with the encoded operation. */
  _del(_key: unknown, operation: NativeOperation): void {
    this.#operations.push(ownOperation(operation));
  }

  _clear(): void {
    this.#operations = [];
  }

  _write(options: object): Promise<void> {
    // `_batch`, not `batch`: keys are prefixed and encoded already, and hooks have run.
    return (this.db as unknown as BatchDatabase)._batch(this.#operations, options);
  }
}
