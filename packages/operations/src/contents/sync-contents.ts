// Replaces syncs and entries of an engine by new contents, in one commit.
import {
  compareBytes,
  type Engine,
  type EngineSnapshot,
  keyAfter,
  type Span,
} from '@sstitch/contract';
import { type Bucket, syncSpans } from '@sstitch/keys';
import type { Entry } from '../entries/entry-pages.js';
import { OperationsError } from '../errors.js';

/** The new entries of a sync. */
export interface SyncContents {
  /** Returns the entries of one bucket in key order. It is called once per bucket, in key order. */
  pages(bucket: Bucket): AsyncIterable<readonly Entry[]>;
}

/** A span of an engine and its new entries. */
export interface Replacement {
  readonly span: Span;
  /** Returns the entries in key order. */
  readonly pages: () => AsyncIterable<readonly Entry[]>;
}

/** The result of a commit. */
export interface OperationCommit {
  /** The number of entries written, including index entries. */
  readonly entries: number;
  /** How long writers waited. */
  readonly pauseMs: number;
  /** How long the commit took. */
  readonly durationMs: number;
}

const NOTHING: SyncContents = { async *pages() {} };

/** Replaces all of a sync, by default with nothing. */
export function replaceSync(syncId: string, contents: SyncContents = NOTHING): Replacement[] {
  return syncSpans(syncId).map(({ bucket, span }) => ({
    span,
    pages: () => contents.pages(bucket),
  }));
}

/** Replaces one entry. */
export function replaceEntry(key: Uint8Array, value: Uint8Array): Replacement {
  return {
    span: { start: key, end: keyAfter(key) },
    pages: async function* () {
      yield [[key, value]];
    },
  };
}

/**
 * Commits all replacements at once.
 *
 * @param replacements with disjoint spans, in any order; without any, nothing is committed
 * @param ifUnchanged the snapshot on which the commit depends
 * @throws {@link OperationsError} SSTITCH_ABORTED; errors of the pages and of the engine
 */
export async function commitReplacements(
  engine: Pick<Engine, 'replaceSpans'>,
  replacements: readonly Replacement[],
  signal: AbortSignal | undefined,
  ifUnchanged?: EngineSnapshot,
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
      { ifUnchanged, ...(signal && { signal }) },
    );
    return { entries, pauseMs, durationMs };
  } catch (error) {
    // An engine may wrap an error of its input: throw the original.
    if (failure !== undefined) throw failure;
    // Only an abort proves that the engine is unchanged: a commit may also fail at the same time as the signal fires.
    if (signal?.aborted && isAbort(error, signal)) {
      throw new OperationsError('SSTITCH_ABORTED', 'aborted', { cause: signal.reason });
    }
    throw error;
  }
}

function isAbort(error: unknown, { reason }: AbortSignal): boolean {
  return error === reason || (error instanceof Error && error.name === 'AbortError');
}
