// What a sync is to hold, and the one commit that makes an engine hold it.
import { compareBytes, type Engine, keyAfter, type Span } from '@sstitch/contract';
import { type Bucket, syncSpans } from '@sstitch/keys';
import type { Entry } from '../entries/entry-pages.js';
import { OperationsError } from '../errors.js';

/** The entries that a sync is to hold. */
export interface SyncContents {
  /** Those of one bucket, in key order. Buckets are asked for in key order, each once. */
  pages(bucket: Bucket): AsyncIterable<readonly Entry[]>;
}

/** A part of an engine and what it is to hold. */
export interface Replacement {
  readonly span: Span;
  /** In key order. */
  readonly pages: () => AsyncIterable<readonly Entry[]>;
}

/** What a commit did. */
export interface OperationCommit {
  /** How many entries the replaced syncs have, index entries included. */
  readonly entries: number;
  /** How long writers waited. */
  readonly pauseMs: number;
  readonly durationMs: number;
}

const NOTHING: SyncContents = { async *pages() {} };

/** All of a sync is replaced by some contents; by nothing where there are none. */
export function replaceSync(syncId: string, contents: SyncContents = NOTHING): Replacement[] {
  return syncSpans(syncId).map(({ bucket, span }) => ({
    span,
    pages: () => contents.pages(bucket),
  }));
}

/** One entry is replaced. */
export function replaceEntry(key: Uint8Array, value: Uint8Array): Replacement {
  return {
    span: { start: key, end: keyAfter(key) },
    pages: async function* () {
      yield [[key, value]];
    },
  };
}

/**
 * Makes an engine hold what some replacements say, in one commit.
 *
 * @param replacements with disjoint spans, in any order; nothing is committed where there are none
 * @throws {@link OperationsError} SSTITCH_ABORTED; what the pages and the engine throw
 */
export async function commitReplacements(
  engine: Pick<Engine, 'replaceSpans'>,
  replacements: readonly Replacement[],
  signal: AbortSignal | undefined,
): Promise<OperationCommit> {
  if (replacements.length === 0) return { entries: 0, pauseMs: 0, durationMs: 0 };
  const sorted = replacements.toSorted((a, b) => compareBytes(a.span.start, b.span.start));
  let failure: unknown;
  const pages = async function* (): AsyncGenerator<readonly Entry[], void, undefined> {
    try {
      for (const each of sorted) yield* each.pages();
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  try {
    const { entries, pauseMs, durationMs } = await engine.replaceSpans(
      sorted.map(({ span }) => span),
      pages(),
      signal === undefined ? {} : { signal },
    );
    return { entries, pauseMs, durationMs };
  } catch (error) {
    // The cause, where an engine wraps what its input throws.
    if (failure !== undefined) throw failure;
    if (signal?.aborted) {
      throw new OperationsError('SSTITCH_ABORTED', 'aborted', { cause: signal.reason });
    }
    throw error;
  }
}
