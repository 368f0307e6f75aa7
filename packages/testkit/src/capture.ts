// Captures the entries of an engine and compares them later, up to the first key that differs.
import {
  type ByteIteratorOptions,
  byteEncodings,
  compareBytes,
  equalBytes,
  type ReadableEngine,
  spanContains,
} from '@sstitch/contract';
import { type Bucket, parseSyncId, syncSpans, toHex } from '@sstitch/keys';
import { TestkitError, type TestkitErrorCode } from './errors.js';

/** A key and its value, as bytes. */
type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** All entries of a sync, in memory. */
export interface CapturedSync {
  /** The text form. */
  readonly syncId: string;
  /** The entries of each bucket, in the fixed order of docs/formats/keys.md. */
  readonly buckets: ReadonlyArray<{ readonly bucket: Bucket; readonly entries: readonly Entry[] }>;
}

/** All entries of an engine, in memory. */
export interface CapturedEngine {
  /** The syncs of the engine. */
  readonly syncs: readonly CapturedSync[];
  /** The entries outside the captured syncs. */
  readonly others: readonly Entry[];
}

/** Captures a sync of an engine in memory: for fixtures, not for real syncs. */
export async function captureSync(engine: ReadableEngine, syncId: string): Promise<CapturedSync> {
  const snapshot = engine.snapshot();
  try {
    const buckets: Array<{ bucket: Bucket; entries: Entry[] }> = [];
    for (const { bucket, span } of syncSpans(syncId)) {
      const { start, end } = span;
      const range = end === undefined ? { gte: start } : { gte: start, lt: end };
      const entries = await readAll(engine, { ...byteEncodings, ...range, snapshot });
      buckets.push({ bucket, entries });
    }
    return { syncId, buckets };
  } finally {
    await snapshot.close();
  }
}

/** Captures these syncs and all other entries of an engine. */
export async function captureEngine(
  engine: ReadableEngine,
  syncIds: readonly string[],
): Promise<CapturedEngine> {
  const syncs: CapturedSync[] = [];
  for (const syncId of syncIds) syncs.push(await captureSync(engine, syncId));
  const spans = syncIds.flatMap((syncId) => syncSpans(parseSyncId(syncId)));
  const all = await readAll(engine, byteEncodings);
  const others = all.filter(([key]) => !spans.some(({ span }) => spanContains(span, key)));
  return { syncs, others };
}

async function readAll(engine: ReadableEngine, options: ByteIteratorOptions): Promise<Entry[]> {
  const iterator = engine.iterator(options);
  const entries: Entry[] = [];
  try {
    for (;;) {
      const page = await iterator.nextv(1000);
      if (page.length === 0) return entries;
      entries.push(...page);
    }
  } finally {
    await iterator.close();
  }
}

/**
 * Asserts that every sync but the replaced ones, and every entry outside the syncs, is as it was.
 *
 * @throws TestkitError SSTITCH_ISOLATION_BROKEN, naming the sync, the bucket and the first key that differs
 */
export function assertIsolated(
  before: CapturedEngine,
  after: CapturedEngine,
  replacedSyncIds: readonly string[],
): void {
  const later = new Map(after.syncs.map((sync) => [sync.syncId, sync]));
  for (const sync of before.syncs) {
    if (replacedSyncIds.includes(sync.syncId)) continue;
    compareSync('SSTITCH_ISOLATION_BROKEN', sync, later.get(sync.syncId));
  }
  const problem = firstDifference(before.others, after.others);
  if (problem !== undefined) {
    throw new TestkitError('SSTITCH_ISOLATION_BROKEN', `outside every sync, ${problem}`);
  }
}

/**
 * Asserts that two captures of a sync, of two engines or of two times, are equal.
 *
 * @throws TestkitError SSTITCH_CONTENT_WRONG, naming the sync, the bucket and the first key that differs
 */
export function assertSameSync(expected: CapturedSync, actual: CapturedSync): void {
  compareSync('SSTITCH_CONTENT_WRONG', expected, actual);
}

function compareSync(
  code: TestkitErrorCode,
  expected: CapturedSync,
  actual: CapturedSync | undefined,
): void {
  for (const { bucket, entries } of expected.buckets) {
    const found = actual?.buckets.find((other) => other.bucket === bucket)?.entries ?? [];
    const problem = firstDifference(entries, found);
    if (problem === undefined) continue;
    throw new TestkitError(code, `sync ${expected.syncId}, bucket ${bucket}: ${problem}`);
  }
}

function firstDifference(before: readonly Entry[], after: readonly Entry[]): string | undefined {
  for (let at = 0; at < Math.max(before.length, after.length); at++) {
    const [old, now] = [before[at], after[at]];
    if (old === undefined && now !== undefined) return `key ${toHex(now[0])} was added`;
    if (old !== undefined && now === undefined) return `key ${toHex(old[0])} was removed`;
    if (old === undefined || now === undefined) return undefined;
    const order = compareBytes(old[0], now[0]);
    if (order < 0) return `key ${toHex(old[0])} was removed`;
    if (order > 0) return `key ${toHex(now[0])} was added`;
    if (!equalBytes(old[1], now[1])) return `key ${toHex(old[0])} has another value`;
  }
  return undefined;
}
