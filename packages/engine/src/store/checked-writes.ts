// abstract-level's writes, with a check of keys and values under the `view` and `buffer` encodings. Level's byte
// encodings accept strings, as UTF-8, and convert everything else to a string first: they would store an object as
// "[object Object]".
import { describeValue, isBytes } from '@sstitch/contract';
import type {
  AbstractBatchOperation,
  AbstractBatchOptions,
  AbstractChainedBatch,
  AbstractDelOptions,
  AbstractPutOptions,
} from 'abstract-level';
import { EngineError } from '../errors.js';
import { CheckedBatch } from './checked-batch.js';
import { GenerationReader } from './generation-reader.js';

/**
 * The writes of abstract-level, which here refuse keys and values that Level's byte encodings would store as text such
 * as "[object Object]": they reject with an EngineError SSTITCH_ENTRIES_INVALID.
 */
export abstract class CheckedWrites<K, V> extends GenerationReader<K, V> {
  /** Puts an entry, unless its key or value is refused. */
  override put(key: K, value: V): Promise<void>;
  /** Puts an entry, unless its key or value is refused. */
  override put<TKey = K, TValue = V>(
    key: TKey,
    value: TValue,
    options: AbstractPutOptions<TKey, TValue>,
  ): Promise<void>;
  override put(key: K, value: V, options?: AbstractPutOptions<K, V>): Promise<void> {
    const refusal =
      this.#refusalOf('key', key, options?.keyEncoding) ??
      this.#refusalOf('value', value, options?.valueEncoding);
    if (refusal !== undefined) return Promise.reject(entriesInvalid(refusal));
    return super.put(key, value, options as AbstractPutOptions<K, V>);
  }

  /** Deletes an entry, unless its key is refused. */
  override del(key: K): Promise<void>;
  /** Deletes an entry, unless its key is refused. */
  override del<TKey = K>(key: TKey, options: AbstractDelOptions<TKey>): Promise<void>;
  override del(key: K, options?: AbstractDelOptions<K>): Promise<void> {
    const refusal = this.#refusalOf('key', key, options?.keyEncoding);
    if (refusal !== undefined) return Promise.reject(entriesInvalid(refusal));
    return super.del(key, options as AbstractDelOptions<K>);
  }

  /** Applies puts and deletes atomically, unless one of them is refused. Then nothing is written. */
  override batch(operations: Array<AbstractBatchOperation<this, K, V>>): Promise<void>;
  /** Applies puts and deletes atomically, unless one of them is refused. Then nothing is written. */
  override batch<TKey = K, TValue = V>(
    operations: Array<AbstractBatchOperation<this, TKey, TValue>>,
    options: AbstractBatchOptions<TKey, TValue>,
  ): Promise<void>;
  /** Starts a batch whose `put` and `del` refuse keys and values. */
  override batch(): AbstractChainedBatch<this, K, V>;
  override batch(
    ...given: [Array<AbstractBatchOperation<this, K, V>>?, AbstractBatchOptions<K, V>?]
  ): unknown {
    if (given.length === 0) return super.batch();
    const [operations, options] = given;
    if (Array.isArray(operations)) {
      const refusal = this.#refusalOfBatch(operations, options);
      if (refusal !== undefined) return Promise.reject(entriesInvalid(refusal));
    }
    return super.batch(operations as [], options as AbstractBatchOptions<K, V>);
  }

  /** Called by abstract-level for `batch()` without operations. @internal */
  _chainedBatch(): AbstractChainedBatch<this, K, V> {
    return new CheckedBatch<this, K, V>(this, (what, given, encoding) => {
      const refusal = this.#refusalOf(what, given, encoding);
      if (refusal !== undefined) throw entriesInvalid(refusal);
    });
  }

  #refusalOfBatch(
    operations: ReadonlyArray<AbstractBatchOperation<this, K, V>>,
    options: AbstractBatchOptions<K, V> | undefined,
  ): string | undefined {
    for (const [index, operation] of operations.entries()) {
      // With a sublevel the encodings are the sublevel's, which are not checked here.
      if (operation?.sublevel != null) continue;
      const keyEncoding = operation?.keyEncoding ?? options?.keyEncoding;
      let refusal = this.#refusalOf('key', operation?.key, keyEncoding);
      if (operation?.type === 'put') {
        const valueEncoding = operation.valueEncoding ?? options?.valueEncoding;
        refusal ??= this.#refusalOf('value', operation.value, valueEncoding);
      }
      if (refusal !== undefined) return `operation ${index}: ${refusal}`;
    }
    return undefined;
  }

  #refusalOf(what: 'key' | 'value', given: unknown, encoding: unknown): string | undefined {
    // abstract-level refuses null and undefined itself.
    if (typeof given === 'string' || given === null || given === undefined) return undefined;
    if (ArrayBuffer.isView(given) && (given.byteLength > 0 || isBytes(given))) return undefined;
    const { name } =
      what === 'key'
        ? this.keyEncoding(encoding as 'view')
        : this.valueEncoding(encoding as 'view');
    if (name !== 'view' && name !== 'buffer') return undefined;
    return `the ${what} must be bytes or a string, not ${describeValue(given)}`;
  }
}

function entriesInvalid(refusal: string): EngineError {
  return new EngineError('SSTITCH_ENTRIES_INVALID', refusal);
}
