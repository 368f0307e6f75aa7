// The strategy `rebuild` for a source without tables: iterates over the source, and the base builds tables from its
// entries. Records are not decoded. For a source with tables see tables.ts.
import {
  byteEncodings,
  type EntryPages,
  type ReplaceSpansOptions,
  type ReplaceSpansResult,
} from '@sstitch/contract';
import type { ReplacingBase } from '../engines.js';
import type { CompactProgress } from '../result.js';
import type { Entry, SnapshotReader } from '../span-reader.js';
import type { SyncRange } from '../sync-ranges.js';

/** The number of entries between two `building` events. */
const ENTRIES_PER_EVENT = 10_000;

export interface RebuildInput {
  readonly base: ReplacingBase;
  readonly source: SnapshotReader;
  /** The ranges in key order. */
  readonly ranges: readonly SyncRange[];
  /** Whether to purge, which only a store can do. */
  readonly purge: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (event: CompactProgress) => void;
}

/** Replaces the ranges of the base by the source's entries. */
export async function rebuildSpans(input: RebuildInput): Promise<ReplaceSpansResult> {
  const pages = new SourcePages(input);
  const options: ReplaceSpansOptions & { readonly purge?: boolean } = {
    ...byteEncodings,
    ...(input.signal === undefined ? {} : { signal: input.signal }),
    ...(input.purge ? { purge: true } : {}),
  };
  try {
    return await input.base.replaceSpans(
      input.ranges.map(({ span }) => span),
      pages,
      options,
    );
  } catch (error) {
    // An engine may wrap what the pages throw: throw the original error.
    throw pages.failure ?? error;
  }
}

class SourcePages implements EntryPages {
  readonly #input: RebuildInput;
  /** What the source or `onProgress` threw. */
  failure: unknown;

  constructor(input: RebuildInput) {
    this.#input = input;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Entry[], void, void> {
    try {
      yield* readPages(this.#input);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

async function* readPages({
  source,
  ranges,
  onProgress,
}: RebuildInput): AsyncGenerator<readonly Entry[], void, void> {
  let entries = 0;
  let reported = 0;
  onProgress({ type: 'building', entries });
  await source.verify(ranges.map(({ span }) => span));
  for (const { span } of ranges) {
    for await (const page of source.pages(span)) {
      yield page;
      entries += page.length;
      if (entries - reported < ENTRIES_PER_EVENT) continue;
      reported = entries;
      onProgress({ type: 'building', entries });
    }
  }
  if (entries > reported) onProgress({ type: 'building', entries });
  onProgress({ type: 'committing' });
}
