// Makes an ordinary sync of a replaced version.
import { replacedVersionOf } from '@sstitch/operations';
import { RecordBatch } from '@sstitch/records';

/** Returns a batch in which the run of a replaced version is the version's own run. */
export function withoutMarks(batch: RecordBatch): RecordBatch {
  if (batch.bucket !== 'sync_run') return batch;
  const runs = (batch as RecordBatch<'sync_run'>).records;
  if (runs.every((run) => replacedVersionOf(run) === undefined)) return batch;
  const { syncId } = batch;
  const own = runs.map((run) => {
    const version = replacedVersionOf(run);
    if (version === undefined) return run;
    return { ...(version.run ?? { ...run, syncToken: '', linkedSyncId: '' }), syncId };
  });
  return RecordBatch.ofRecords(syncId, 'sync_run', own);
}
