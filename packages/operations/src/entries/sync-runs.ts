// Reads the runs of all syncs of an engine.
import { bucketLayout, parseKey, prefixSpan } from '@sstitch/keys';
import { decodeRecord, type SyncRunRecord } from '@sstitch/records';
import { entryPages, type ReadView } from './entry-pages.js';

/** A run, as stored and decoded. */
export interface StoredRun {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly run: SyncRunRecord;
}

/** Lists the runs of all syncs in the order of sync ids. */
export async function* listRuns(view: ReadView): AsyncGenerator<StoredRun, void, undefined> {
  const span = prefixSpan(bucketLayout('sync_run').prefix);
  for await (const page of entryPages(view, [span])) {
    for (const [key, value] of page) {
      const { syncId } = parseKey(key);
      yield { key, value, run: { ...decodeRecord('sync_run', key, value), syncId } };
    }
  }
}
