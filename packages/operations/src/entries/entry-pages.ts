// Reads spans of an engine in pages, so that millions of entries take few turns of the event loop.
import {
  byteEncodings,
  type EngineSnapshot,
  type ReadableEngine,
  type Span,
  takeSnapshot,
} from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';

/** A key and its value. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** The most entries in a page. An engine may return fewer. */
const PAGE_ENTRIES = 512;

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
): AsyncGenerator<readonly Entry[], void, undefined> {
  for (const { start, end } of spans) {
    throwIfAborted(signal);
    const iterator = engine.iterator({
      ...byteEncodings,
      gte: start,
      ...(end && { lt: end }),
      snapshot,
    });
    try {
      for (;;) {
        const page = await iterator.nextv(PAGE_ENTRIES);
        if (page.length === 0) break;
        yield page;
        throwIfAborted(signal);
      }
    } finally {
      await iterator.close();
    }
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
