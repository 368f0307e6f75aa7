// Reads spans of an engine in pages from one snapshot.
import {
  type ByteIterator,
  type ByteReadOptions,
  byteEncodings,
  type CommitCondition,
  type ReadableEngine,
  type Span,
} from '@sstitch/contract';
import { asVerifiable } from './engines.js';
import { throwIfAborted } from './errors.js';

type Snapshot = NonNullable<ByteReadOptions['snapshot']>;
export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** The number of entries of a span's first page. The size doubles from page to page, up to LARGEST_PAGE_ENTRIES. */
const FIRST_PAGE_ENTRIES = 64;
const LARGEST_PAGE_ENTRIES = 4096;
/**
 * The size at which classic-level ends a page. Its default of 16 KiB would cost a turn of the event loop and a switch
 * of threads for every hundred records.
 */
const PAGE_BYTES = 512 * 1024;

export interface SnapshotReaderOptions {
  readonly signal: AbortSignal | undefined;
  /** The spans on which a commit can depend; only of an engine with the capability `conditions`. @defaultValue none */
  readonly watch?: readonly Span[] | undefined;
}

/** Runs `use` on the current state of an engine. */
export async function withSnapshot<T>(
  engine: ReadableEngine,
  options: SnapshotReaderOptions,
  use: (reader: SnapshotReader) => Promise<T>,
): Promise<T> {
  const reader = new SnapshotReader(engine, options);
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}

/** Reads one state of an engine. */
export class SnapshotReader {
  readonly #engine: ReadableEngine;
  readonly #snapshot: Snapshot;
  readonly #signal: AbortSignal | undefined;
  /** The condition of a commit that depends on the watched spans; none if there are none. */
  readonly unchanged: CommitCondition;

  constructor(engine: ReadableEngine, { signal, watch }: SnapshotReaderOptions) {
    this.#engine = engine;
    this.#snapshot = engine.snapshot(watch && { watch });
    this.#signal = signal;
    this.unchanged = watch === undefined ? {} : { ifUnchanged: this.#snapshot };
  }

  close(): Promise<void> {
    return this.#snapshot.close();
  }

  /**
   * Checks the checksums of the spans' stored blocks, if the engine can. LevelDB's reads do not check them, so damage
   * would be copied as if it were data.
   */
  async verify(spans: readonly Span[]): Promise<void> {
    throwIfAborted(this.#signal);
    const options = { snapshot: this.#snapshot, signal: this.#signal };
    await asVerifiable(this.#engine)?.verifySpans(spans, options);
  }

  /** Whether the span has entries. */
  async hasEntries(span: Span): Promise<boolean> {
    throwIfAborted(this.#signal);
    const iterator = this.#iterate(span, { limit: 1, values: false });
    try {
      return (await iterator.nextv(1)).length > 0;
    } finally {
      await iterator.close();
    }
  }

  /** Yields the entries of the span in pages, none of which is empty. */
  async *pages(span: Span): AsyncGenerator<readonly Entry[], void, void> {
    const iterator = this.#iterate(span, { highWaterMarkBytes: PAGE_BYTES });
    try {
      for (let size = FIRST_PAGE_ENTRIES; ; size = Math.min(2 * size, LARGEST_PAGE_ENTRIES)) {
        throwIfAborted(this.#signal);
        const page = await iterator.nextv(size);
        if (page.length === 0) return;
        yield page;
      }
    } finally {
      await iterator.close();
    }
  }

  #iterate({ start, end }: Span, more: object): ByteIterator {
    return this.#engine.iterator({
      ...byteEncodings,
      snapshot: this.#snapshot,
      gte: start,
      ...(end === undefined ? {} : { lt: end }),
      ...more,
    });
  }
}
