// A chained batch that copies what is added to it: the caller may reuse the memory as soon as the call returns.
import { AbstractChainedBatch } from 'abstract-level';
import type { EncodedOperation } from './writes.js';

/** The method of the database that the batch calls. */
interface BatchDatabase {
  _batch(operations: readonly EncodedOperation[], options: object): Promise<void>;
}

export class CopyingBatch<D extends object, K, V> extends AbstractChainedBatch<D, K, V> {
  #operations: EncodedOperation[] = [];

  /** Called by abstract-level with the encoded operation. */
  _put(_key: unknown, _value: unknown, { key, value }: EncodedOperation): void {
    this.#operations.push({
      type: 'put',
      key: new Uint8Array(key),
      value: new Uint8Array(value ?? []),
    });
  }

  /** Called by abstract-level with the encoded operation. */
  _del(_key: unknown, { key }: EncodedOperation): void {
    this.#operations.push({ type: 'del', key: new Uint8Array(key) });
  }

  _clear(): void {
    this.#operations = [];
  }

  _write(options: object): Promise<void> {
    // `_batch`, not `batch`: keys are prefixed and encoded already, and hooks have run.
    return (this.db as unknown as BatchDatabase)._batch(this.#operations, options);
  }
}
