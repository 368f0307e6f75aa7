// Finds which entries of an index are missing or stray, by looking up each of them. It reads the records and the index
// again, so it runs only on an index that is known to differ from the records. Memory is bounded by a page.
import {
  byteEncodings,
  type EngineSnapshot,
  equalBytes,
  type ReadableEngine,
} from '@sstitch/contract';
import { bucketLayout, bucketSpan, buildKey, toHex } from '@sstitch/keys';
import { type IndexBucket, indexEntries, listedIds } from '../indexes/indexes.js';
import { scanPages } from '../read/scan.js';
import type { ValueBucket } from '../record-types.js';
import { type IndexProblem, indexProblem } from './index-problem.js';
import type { RecordCheck } from './record-check.js';

/** The search for the faults of an index. */
export interface FaultSearch {
  readonly engine: ReadableEngine;
  readonly snapshot: EngineSnapshot;
  readonly signal: AbortSignal | undefined;
  /** Checks records of the sync. */
  readonly check: RecordCheck;
  /** Called with the number of keys of each page read. */
  readonly onPage: (keys: number) => void;
}

/** Yields the missing entries of an index, then the stray ones. */
export async function* indexFaults(
  search: FaultSearch,
  index: IndexBucket,
): AsyncGenerator<IndexProblem, void, undefined> {
  yield* missingEntries(search, index);
  yield* strayEntries(search, index);
}

async function* missingEntries(
  { engine, snapshot, signal, check, onPage }: FaultSearch,
  index: IndexBucket,
): AsyncGenerator<IndexProblem, void, undefined> {
  const records = recordsOf(index);
  for await (const page of scanPages(engine, bucketSpan(records, check.syncId), {
    snapshot,
    signal,
  })) {
    onPage(page.length);
    const due = page
      .flatMap(([key, value]) => check.check(records, key, value).entries)
      .filter(({ bucket }) => bucket === index)
      .map(({ key }) => key);
    const values = await engine.getMany(due, { ...byteEncodings, snapshot });
    for (const [at, key] of due.entries()) {
      if (values[at] !== undefined) continue;
      const why = 'its record exists, but the entry is missing';
      yield indexProblem('missing_index_entry', index, key, why);
    }
  }
}

async function* strayEntries(
  { engine, snapshot, signal, check, onPage }: FaultSearch,
  index: IndexBucket,
): AsyncGenerator<IndexProblem, void, undefined> {
  const { syncId } = check;
  const records = recordsOf(index);
  const read = { snapshot, signal, values: false };
  for await (const page of scanPages(engine, bucketSpan(index, syncId), read)) {
    onPage(page.length);
    const listed: { readonly entryKey: Uint8Array; readonly recordKey: Uint8Array }[] = [];
    for (const [entryKey] of page) {
      const elements = check.elementsOf(index, entryKey);
      if ('kind' in elements) yield elements;
      else {
        const recordKey = buildKey(records, syncId, listedIds(index, elements));
        listed.push({ entryKey, recordKey });
      }
    }
    const values = await engine.getMany(
      listed.map(({ recordKey }) => recordKey),
      { ...byteEncodings, snapshot },
    );
    for (const [at, { entryKey, recordKey }] of listed.entries()) {
      const stray = (why: string) => indexProblem('stray_index_entry', index, entryKey, why);
      const value = values[at];
      if (value === undefined) {
        yield stray(`no record ${toHex(recordKey)}`);
        continue;
      }
      const record = check.decode(records, recordKey, value);
      // Already reported as a problem of the record; its entries cannot be judged.
      if ('kind' in record) continue;
      if (!indexEntries(syncId, record).some(({ key }) => equalBytes(key, entryKey))) {
        yield stray(`record ${toHex(recordKey)} does not match it`);
      }
    }
  }
}

/** The bucket of the records that an index lists. */
function recordsOf(index: IndexBucket): ValueBucket {
  return bucketLayout(index).indexOf as ValueBucket;
}
