// Estimates how far a read of spans has come, from the bytes of tables before the current key.
import type { Span } from '@sstitch/contract';
import type { ByteReader } from '../stores/open-store.js';
import type { ProgressLine } from '../terminal/progress-line.js';

type SizedReader = Pick<ByteReader, 'approximateSize'>;

export class ScanProgress {
  readonly #reader: SizedReader;
  readonly #spans: readonly Span[];
  readonly #progress: ProgressLine;
  #sizes: Promise<readonly number[]> | undefined;

  /** @param spans in the order in which they will be read */
  constructor(reader: SizedReader, spans: readonly Span[], progress: ProgressLine) {
    this.#reader = reader;
    this.#spans = spans;
    this.#progress = progress;
  }

  /** Shows that the read has reached a key. Costs nothing if no progress is shown. */
  async reach(doing: string, spanIndex: number, key: Uint8Array | undefined): Promise<void> {
    const span = this.#spans[spanIndex];
    if (!this.#progress.isDue || span === undefined || key === undefined) return;
    if (this.#reader.approximateSize === undefined) {
      this.#progress.update({ doing });
      return;
    }
    this.#sizes ??= Promise.all(this.#spans.map((each) => this.#sizeOf(each)));
    const sizes = await this.#sizes;
    const before = sumOf(sizes.slice(0, spanIndex));
    const inSpan = await this.#sizeOf({ start: span.start, end: key });
    this.#progress.update({ doing, done: before + inSpan, total: sumOf(sizes), unit: 'bytes' });
  }

  async #sizeOf({ start, end = LAST_KEY }: Span): Promise<number> {
    return (await this.#reader.approximateSize?.(start, end)) ?? 0;
  }
}

/** A key after every key of a sync, and after most keys of any other database. */
export const LAST_KEY: Uint8Array = new Uint8Array(64).fill(0xff);

function sumOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}
