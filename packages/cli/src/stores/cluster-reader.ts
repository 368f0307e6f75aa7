// One state of a store on a cluster: what the first read shows, whatever others write meanwhile.
import {
  type ByteIterator,
  type ByteIteratorOptions,
  type ByteReadOptions,
  byteEncodings,
  type Engine,
  type EngineSnapshot,
  type Span,
} from '@sstitch/contract';
import type { ByteReader } from './byte-store.js';

/** What a snapshot of the one state is. */
const SAME_STATE: EngineSnapshot = {
  ref: () => undefined,
  unref: () => undefined,
  close: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};

export class ClusterReader implements ByteReader {
  readonly #engine: Engine;
  readonly #snapshot: EngineSnapshot;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#snapshot = engine.snapshot();
  }

  get status(): string {
    return this.#engine.status;
  }

  get(key: Uint8Array, options: ByteReadOptions = byteEncodings): Promise<Uint8Array | undefined> {
    return this.#engine.get(key, { ...options, snapshot: this.#snapshot });
  }

  getMany(
    keys: Uint8Array[],
    options: ByteReadOptions = byteEncodings,
  ): Promise<Array<Uint8Array | undefined>> {
    return this.#engine.getMany(keys, { ...options, snapshot: this.#snapshot });
  }

  iterator(options: ByteIteratorOptions = byteEncodings): ByteIterator {
    return this.#engine.iterator({ ...options, snapshot: this.#snapshot });
  }

  snapshot(): EngineSnapshot {
    return SAME_STATE;
  }

  /** Nothing is left to check: every read checks the blocks that it reads. */
  async verifySpans(): Promise<void> {}

  async sharedSpans(): Promise<readonly Span[]> {
    return [];
  }

  /** Ends the view. The engine stays open. */
  close(): Promise<void> {
    return this.#snapshot.close();
  }
}
