// Converts the data of actions to arguments of the engine and the model.
import {
  type ByteOperation,
  compareBytes,
  type EntryPages,
  type Span,
  spanContains,
} from '@sstitch/contract';
import type { ModelEntry, ModelState, ModelWrite } from '../model-state.js';
import type { RangeSpec, ReplaceSpec } from './actions.js';
import type { ClearRange } from './target.js';

/**
 * The states that readers may see during a replacement concurrent with a sequence of batches, and those in
 * which it may end.
 */
export function possibleStates(
  start: ModelState,
  batches: readonly (readonly ModelWrite[])[],
  spans: readonly Span[],
  entries: readonly ModelEntry[],
): { during: ModelState[]; final: ModelState[] } {
  const during: ModelState[] = [];
  const final: ModelState[] = [];
  let before = start;
  for (let applied = 0; applied <= batches.length; applied++) {
    during.push(before);
    let after = before.replace(spans, entries);
    during.push(after);
    for (const batch of batches.slice(applied)) {
      after = after.write(batch);
      during.push(after);
    }
    final.push(after);
    before = before.write(batches[applied] ?? []);
  }
  return { during, final };
}

export function spansOf({ bounds, isLastUnbounded }: ReplaceSpec): Span[] {
  const sorted = bounds.map(fromHex).sort(compareBytes);
  const spans: Span[] = [];
  for (let at = 0; at + 1 < sorted.length; at += 2) {
    const [start, end] = [sorted[at], sorted[at + 1]];
    if (start !== undefined) spans.push({ start, end });
  }
  const last = sorted.length % 2 === 1 ? sorted.at(-1) : undefined;
  if (isLastUnbounded && last !== undefined) spans.push({ start: last, end: undefined });
  return spans;
}

export function within(spans: readonly Span[], entries: readonly ModelEntry[]): ModelEntry[] {
  return entries.filter(([key]) => spans.some((span) => spanContains(span, key)));
}

export function asEntry({ key, value }: ModelWrite): ModelEntry[] {
  return value === undefined ? [] : [[key, value]];
}

export function operationsOf(writes: readonly ModelWrite[]): ByteOperation[] {
  return writes.map(({ key, value }) =>
    value === undefined ? { type: 'del', key } : { type: 'put', key, value },
  );
}

export async function* pagesOf(entries: readonly ModelEntry[], pageEntries: number): EntryPages {
  for (let at = 0; at < entries.length; at += pageEntries)
    yield entries.slice(at, at + pageEntries);
}

export function boundsOf({
  from,
  to,
  isFromOpen,
  isToClosed,
  reverse,
  limit,
}: RangeSpec): ClearRange {
  return {
    ...(from === undefined ? {} : { [isFromOpen ? 'gt' : 'gte']: fromHex(from) }),
    ...(to === undefined ? {} : { [isToClosed ? 'lte' : 'lt']: fromHex(to) }),
    reverse,
    limit,
  };
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
