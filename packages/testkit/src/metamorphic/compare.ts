// Compares an engine, or a view of one, with a state of the model.
import {
  type ByteIterator,
  type ByteIteratorOptions,
  byteEncodings,
  compareBytes,
  type ReadableEngine,
} from '@sstitch/contract';
import { toHex } from '@sstitch/keys';
import { TestkitError } from '../errors.js';
import type { ModelEntry, ModelState } from '../model-state.js';

const PAGE_ENTRIES = 1000;
/** How many keys to get in each comparison: each get is a task in another thread, and slow. */
const GET_SAMPLE = 8;
const GET_SYNC_SAMPLE = 40;

export type Snapshot = ReturnType<ReadableEngine['snapshot']>;

/** Reads an iterator to its end and closes it. */
export async function drainIterator(iterator: ByteIterator): Promise<ModelEntry[]> {
  const entries: ModelEntry[] = [];
  try {
    for (;;) {
      const page = await iterator.nextv(PAGE_ENTRIES);
      if (page.length === 0) return entries;
      entries.push(...page);
    }
  } finally {
    await iterator.close();
  }
}

export async function dump(engine: ReadableEngine, snapshot?: Snapshot): Promise<ModelEntry[]> {
  return drainIterator(engine.iterator({ ...byteEncodings, snapshot }));
}

/** Uses Buffer's native comparison, because everything is compared after every action. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Describes the first difference of two lists of entries; undefined if they are equal. */
export function difference(
  actual: readonly ModelEntry[],
  expected: readonly ModelEntry[],
): string | undefined {
  for (let at = 0; at < Math.max(actual.length, expected.length); at++) {
    const [a, e] = [actual[at], expected[at]];
    if (a !== undefined && e !== undefined && sameBytes(a[0], e[0]) && sameBytes(a[1], e[1])) {
      continue;
    }
    return `entry ${at} of ${actual.length} is ${show(a)}, but the model has ${show(e)} of ${expected.length}`;
  }
  return undefined;
}

export function expectEntries(
  what: string,
  actual: readonly ModelEntry[],
  expected: readonly ModelEntry[],
): void {
  const problem = difference(actual, expected);
  if (problem !== undefined) {
    throw new TestkitError('SSTITCH_MODEL_MISMATCH', `${what}: ${problem}`);
  }
}

/** Checks that iteration in both directions, and get and getMany of every key and its neighbours, match the model. */
export async function expectState(
  what: string,
  engine: ReadableEngine,
  state: ModelState,
  snapshot?: Snapshot,
): Promise<void> {
  expectEntries(`${what}, iterated`, await dump(engine, snapshot), state.entries);
  const reverse = engine.iterator({ ...byteEncodings, snapshot, reverse: true });
  expectEntries(`${what}, in reverse`, await drainIterator(reverse), state.entries.toReversed());
  const keys = state.entries.flatMap(([key]) => [key, successorOf(key)]);
  const values = await engine.getMany(keys, { ...byteEncodings, snapshot });
  for (const [index, key] of keys.entries())
    expectValue(`${what}, getMany`, state, key, values[index]);
  const sample = sampleOf(keys, GET_SAMPLE);
  const gotten = await Promise.all(
    sample.map((key) => engine.get(key, { ...byteEncodings, snapshot })),
  );
  for (const [index, key] of sample.entries()) {
    expectValue(`${what}, get`, state, key, gotten[index]);
  }
  const { getSync, supports } = engine as EngineWithGetSync;
  if (getSync === undefined || !supports?.getSync) return;
  for (const key of sampleOf(keys, GET_SYNC_SAMPLE)) {
    const value = getSync.call(engine, key, { ...byteEncodings, snapshot });
    expectValue(`${what}, getSync`, state, key, value);
  }
}

/** A method of abstract-level beyond the contract, which not every database supports. */
interface EngineWithGetSync {
  readonly supports?: { readonly getSync?: boolean };
  readonly getSync?: (
    this: ReadableEngine,
    key: Uint8Array,
    options: object,
  ) => Uint8Array | undefined;
}

/** The smallest key greater than `key`. */
function successorOf(key: Uint8Array): Uint8Array {
  const successor = new Uint8Array(key.length + 1);
  successor.set(key);
  return successor;
}

/** Picks members at even distances; which ones depends on their number. */
function sampleOf<T>(items: readonly T[], most: number): T[] {
  const step = Math.ceil(items.length / most) || 1;
  const first = items.length % step;
  return items.filter((_, at) => at % step === first);
}

export function expectValue(
  what: string,
  state: ModelState,
  key: Uint8Array,
  actual: Uint8Array | undefined,
): void {
  const expected = state.get(key);
  const isEqual =
    actual === undefined || expected === undefined
      ? actual === expected
      : sameBytes(actual, expected);
  if (isEqual) return;
  throw new TestkitError(
    'SSTITCH_MODEL_MISMATCH',
    `${what}: key ${toHex(key)} has ${showValue(actual)}, but the model has ${showValue(expected)}`,
  );
}

/** The entries of a state that an iterator with these options returns. */
export function rangeOf(state: ModelState, options: Partial<ByteIteratorOptions>): ModelEntry[] {
  const { gt, gte, lt, lte, reverse = false, limit = -1 } = options;
  const entries = state.entries.filter(
    ([key]) =>
      (gt === undefined || compareBytes(key, gt) > 0) &&
      (gte === undefined || compareBytes(key, gte) >= 0) &&
      (lt === undefined || compareBytes(key, lt) < 0) &&
      (lte === undefined || compareBytes(key, lte) <= 0),
  );
  if (reverse) entries.reverse();
  return limit >= 0 ? entries.slice(0, limit) : entries;
}

function show(entry: ModelEntry | undefined): string {
  return entry === undefined ? 'none' : `${toHex(entry[0])} = ${showValue(entry[1])}`;
}

function showValue(value: Uint8Array | undefined): string {
  if (value === undefined) return 'no value';
  return `${value.length} bytes ${toHex(value.subarray(0, 8))}`;
}
