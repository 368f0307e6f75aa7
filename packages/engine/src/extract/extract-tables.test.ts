import { expect, test } from 'vitest';
import type { TableJob } from '../tables/table-jobs.js';
import { checkingOf } from '../tables/trusted-sets.js';
import type { WorkerPool } from '../threads/worker-pool.js';
import { extractTables } from './extract-tables.js';

const key = Uint8Array.from([0x61, 1, 1, 0, 0, 0, 0, 0, 0]);
const span = { start: Uint8Array.of(0x61), end: Uint8Array.of(0x62) };
const table = { number: 1, sizeBytes: 1, smallest: key, largest: key };

test('a check that fails while tables are still split is reported by the commit, and nowhere else', async () => {
  const failure = new Error('damaged');
  const linked = { table, placement: 'linked' };
  const split = {
    ...linked,
    path: 'split',
    parts: [{ keep: [span], path: 'part', spanIndex: 0 }],
  };
  const check = { ...linked, path: 'check', spanIndex: 0, parts: [] };
  const pool = {
    run: async () => ({ lastSequence: 1, groups: [[split, check]] }),
    async forEach(_: unknown, [item]: ReadonlyArray<{ readonly job: TableJob }>) {
      if (item?.job.kind === 'check') throw failure;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return [{ kind: 'split', parts: [undefined] }];
    },
  } as unknown as WorkerPool;
  const request = {
    ...{ sourceDirectory: 'source', targetDirectory: 'target', spans: [span] },
    ...{ leastLogNumber: 0, shareFromBytes: 0, verify: false, checksLater: true },
  };
  const set = await extractTables(pool, request, undefined);
  await expect(checkingOf(set)).rejects.toBe(failure);
});
