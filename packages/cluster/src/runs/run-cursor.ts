// The entries of a run in a range, in both directions. The first blocks are read one by one through the cache, as most
// ranges are short; after them whole chunks, of which the next one is read while one is used.
import type { Span } from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';
import type { RunRef } from '../log/edits.js';
import { entriesOfBlock, type RunEntry } from './block.js';
import type { RunIndex } from './run-index.js';
import { type RunReader, runOverlaps } from './run-reader.js';

/** How many blocks are read one by one before whole chunks are. */
const SINGLE_BLOCKS = 4;
/** A range of at most this many blocks is read block by block. */
const SHORT_RANGE_BLOCKS = 12;
/** How many reads are in progress after the first one. */
const PREFETCHED_READS = 2;

/** How entries are read. */
export interface ScanOptions {
  readonly reverse: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields the entries of a run inside a span, a block a page, ascending or with `reverse` descending. Values are views.
 *
 * @throws ClusterError as `RunReader.index`, SSTITCH_ABORTED
 */
export async function* runEntries(
  reader: RunReader,
  run: RunRef,
  span: Span,
  options: ScanOptions,
): AsyncGenerator<RunEntry[], void, undefined> {
  if (!runOverlaps(run, span)) return;
  const index = await reader.index(run);
  const first = Math.max(0, index.blockOf(span.start));
  const last = span.end === undefined ? index.blockCount - 1 : index.blockBelow(span.end);
  const units = readUnits(index, first, last, options.reverse);
  const prefetched: Array<Promise<Uint8Array[]>> = [];
  let isFirst = true;
  for (;;) {
    while (prefetched.length < (isFirst ? 1 : PREFETCHED_READS)) {
      const unit = units.next();
      if (unit.done) break;
      const reading = readUnit(reader, run, index, unit.value);
      // A failure is reported by the await below; the caller may stop before it.
      reading.catch(() => undefined);
      prefetched.push(reading);
    }
    isFirst = false;
    const next = prefetched.shift();
    if (next === undefined) return;
    throwIfAborted(options.signal);
    const blocks = await next;
    throwIfAborted(options.signal);
    for (const contents of options.reverse ? blocks.toReversed() : blocks) {
      const entries = entriesOfBlock(contents, span);
      if (options.reverse) entries.reverse();
      if (entries.length > 0) yield entries;
    }
  }
}

/** Whether a run has an entry, which may be a tombstone, in one of some spans. @throws as `runEntries` */
export async function holdsKeysIn(
  reader: RunReader,
  run: RunRef,
  spans: readonly Span[],
): Promise<boolean> {
  for (const span of spans) {
    for await (const page of runEntries(reader, run, span, { reverse: false })) {
      if (page.length > 0) return true;
    }
  }
  return false;
}

/** Blocks that are read by one call: of one chunk, or a single one. */
interface ReadUnit {
  readonly from: number;
  readonly to: number;
  readonly isSingle: boolean;
}

function* readUnits(
  index: RunIndex,
  first: number,
  last: number,
  reverse: boolean,
): Generator<ReadUnit, void, undefined> {
  const isShort = last - first < SHORT_RANGE_BLOCKS;
  let from = first;
  let to = last;
  for (let count = 0; from <= to; count += 1) {
    const block = reverse ? to : from;
    const { chunk } = index.block(block);
    const isSingle = isShort || count < SINGLE_BLOCKS;
    const start = isSingle ? block : Math.max(from, index.chunkStart(chunk));
    const end = isSingle ? block : Math.min(to, index.chunkStart(chunk + 1) - 1);
    yield { from: start, to: end, isSingle };
    if (reverse) to = start - 1;
    else from = end + 1;
  }
}

async function readUnit(
  reader: RunReader,
  run: RunRef,
  index: RunIndex,
  { from, to, isSingle }: ReadUnit,
): Promise<Uint8Array[]> {
  if (isSingle) return [await reader.block(run, index, from)];
  const { chunk } = index.block(from);
  const blocks = await reader.chunk(run, index, chunk);
  const start = index.chunkStart(chunk);
  return blocks.slice(from - start, to - start + 1);
}
