// Reads spans of one state of an engine in pages.
import {
  boundsOf,
  type EngineSnapshot,
  type EntryPage,
  type ReadableEngine,
  readPages,
  type Span,
  takeSnapshot,
} from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';

/** A key and its value. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** The state of an engine to read. */
export interface ReadView {
  readonly engine: ReadableEngine;
  readonly snapshot: EngineSnapshot;
  readonly signal: AbortSignal | undefined;
}

/** Reads the entries of some spans, one span after the other. */
export async function* entryPages(
  { engine, snapshot, signal }: ReadView,
  spans: readonly Span[],
): AsyncGenerator<EntryPage, void, undefined> {
  for (const span of spans) {
    const read = { ...boundsOf(span), snapshot };
    yield* readPages(engine, read, () => throwIfAborted(signal));
  }
}

/** Reports whether the spans hold any entry. */
export async function hasEntries(view: ReadView, spans: readonly Span[]): Promise<boolean> {
  for await (const _page of entryPages(view, spans)) return true;
  return false;
}

/** Runs `use` on one state of an engine, by default the current one. */
export async function withView<T>(
  engine: ReadableEngine,
  {
    snapshot: given,
    signal,
  }: { readonly snapshot?: EngineSnapshot | undefined } & {
    readonly signal?: AbortSignal | undefined;
  },
  use: (view: ReadView) => Promise<T>,
): Promise<T> {
  throwIfAborted(signal);
  const snapshot = given ?? (await takeSnapshot(engine));
  try {
    return await use({ engine, snapshot, signal });
  } finally {
    if (given === undefined) await snapshot.close();
  }
}
