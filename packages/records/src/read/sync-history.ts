// Lists the runs of all syncs in an engine by time. Runs are stored in the order of their ids, which differs
// from that of time if a run was imported under the id of an earlier one. So each function reads all runs once.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import {
  byteEncodings,
  compareBytes,
  type EngineSnapshot,
  type ReadableEngine,
} from '@sstitch/contract';
import { bucketLayout, prefixSpan } from '@sstitch/keys';
import { decodeRecord } from '../encoding/encode.js';
import { throwIfAborted } from '../errors.js';
import { type SyncRunRecord, SyncType } from '../gen/c1/storage/v3/records_pb.js';
import { compareTimes } from '../timestamps.js';
import { checkLimit } from './limits.js';
import { scanPages, withSnapshot } from './scan.js';

/** The most runs that are read at a time. */
const PAGE_RUNS = 256;

/** Selects syncs in a state of the engine. */
export interface SyncQuery {
  /** Only syncs of this type. @defaultValue any type */
  readonly type?: SyncType;
  /** Read this state of the engine. @defaultValue the current state */
  readonly snapshot?: EngineSnapshot;
  /** Stops between two pages. */
  readonly signal?: AbortSignal;
}

/** Options of a list of syncs, newest first. */
export interface SyncHistoryOptions extends SyncQuery {
  /** Only syncs that have ended, or only those that have not. @defaultValue both */
  readonly finished?: boolean;
  /** The most syncs to return. @defaultValue no limit */
  readonly limit?: number;
}

/** The key of a run and the time by which it is sorted. */
interface Dated {
  readonly key: Uint8Array;
  readonly at: Timestamp | undefined;
}

/** Yields the runs by start, newest first; runs of the same time by descending id. */
export async function* listNewestSyncRuns(
  engine: ReadableEngine,
  options: SyncHistoryOptions,
): AsyncGenerator<SyncRunRecord, void, undefined> {
  checkLimit(options.limit);
  yield* withSnapshot(engine, options.snapshot, async function* (snapshot) {
    const found: Dated[] = [];
    for await (const [key, run] of scanRuns(engine, snapshot, options)) {
      if (options.finished !== undefined && options.finished !== isFinished(run)) continue;
      // Keeps only the key, because the token of a run may be large.
      found.push({ key, at: run.startedAt });
    }
    found.sort((a, b) => compareDated(b, a));
    const keys = found.slice(0, options.limit).map(({ key }) => key);
    for (let from = 0; from < keys.length; from += PAGE_RUNS) {
      throwIfAborted(options.signal);
      const page = keys.slice(from, from + PAGE_RUNS);
      const values = await engine.getMany(page, { ...byteEncodings, snapshot });
      for (const [at, key] of page.entries()) {
        const value = values[at];
        if (value !== undefined) yield decodeRecord('sync_run', key, value);
      }
    }
  });
}

/** Returns the finished sync that ended last; of several, the one with the greatest id. */
export function latestFinishedSync(
  engine: ReadableEngine,
  { type = SyncType.FULL, ...options }: SyncQuery,
): Promise<SyncRunRecord | undefined> {
  return latest(engine, { type, ...options }, ({ endedAt }) => endedAt);
}

/** Returns the unfinished sync that started last; of several, the one with the greatest id. */
export function latestUnfinishedSync(
  engine: ReadableEngine,
  options: SyncQuery,
): Promise<SyncRunRecord | undefined> {
  return latest(engine, options, (run) => (isFinished(run) ? undefined : run.startedAt));
}

async function latest(
  engine: ReadableEngine,
  options: SyncQuery,
  timeOf: (run: SyncRunRecord) => Timestamp | undefined,
): Promise<SyncRunRecord | undefined> {
  let found: (Dated & { readonly run: SyncRunRecord }) | undefined;
  const runs = withSnapshot(engine, options.snapshot, (snapshot) =>
    scanRuns(engine, snapshot, options),
  );
  for await (const [key, run] of runs) {
    const at = timeOf(run);
    if (at === undefined) continue;
    const dated = { key, at, run };
    if (found === undefined || compareDated(dated, found) > 0) found = dated;
  }
  return found?.run;
}

async function* scanRuns(
  engine: ReadableEngine,
  snapshot: EngineSnapshot,
  { type, signal }: SyncQuery,
): AsyncGenerator<readonly [Uint8Array, SyncRunRecord], void, undefined> {
  const span = prefixSpan(bucketLayout('sync_run').prefix);
  for await (const page of scanPages(engine, span, { snapshot, signal })) {
    for (const [key, value] of page) {
      const run = decodeRecord('sync_run', key, value);
      if (type === undefined || run.type === type) yield [key, run];
    }
  }
}

function isFinished({ endedAt }: SyncRunRecord): boolean {
  return endedAt !== undefined;
}

/** Compares by time, then by id. A run without a time is the oldest. */
function compareDated(a: Dated, b: Dated): number {
  const byTime = compareTimes(a.at, b.at);
  return byTime === 0 ? compareBytes(a.key, b.key) : byTime;
}
