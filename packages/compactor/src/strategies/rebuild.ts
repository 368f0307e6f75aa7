// Strategy `rebuild`, of a source without tables: iterates it and has the base build tables of the
// entries. No record is decoded. tables.ts does the same where there are tables to read.
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

/** `building` is told this often. */
const ENTRIES_PER_EVENT = 10_000;

export interface RebuildInput {
  readonly base: ReplacingBase;
  readonly source: SnapshotReader;
  /** In key order. */
  readonly ranges: readonly SyncRange[];
  /** Of a store alone: other engines do not know it. */
  readonly purge: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (event: CompactProgress) => void;
}

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
    // The cause, where an engine wraps what its input throws.
    throw pages.failure ?? error;
  }
}

class SourcePages implements EntryPages {
  readonly #input: RebuildInput;
  /** What reading the source, or the listener, threw. */
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
  let told = 0;
  onProgress({ type: 'building', entries });
  await source.verify(ranges.map(({ span }) => span));
  for (const { span } of ranges) {
    for await (const page of source.pages(span)) {
      yield page;
      entries += page.length;
      if (entries - told < ENTRIES_PER_EVENT) continue;
      told = entries;
      onProgress({ type: 'building', entries });
    }
  }
  if (entries > told) onProgress({ type: 'building', entries });
  onProgress({ type: 'committing' });
}
