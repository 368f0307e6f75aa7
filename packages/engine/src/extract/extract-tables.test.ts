import { expect, test } from 'vitest';
import { EngineError } from '../errors.js';
import { ExtractedTables } from '../tables/extracted-tables.js';
import { COPY_PARTS } from '../tables/split-policy.js';
import type { TableJob } from '../tables/table-jobs.js';
import type { RunOptions, WorkerPool } from '../threads/worker-pool.js';
import { extractTables } from './extract-tables.js';

const key = Uint8Array.from([0x61, 1, 1, 0, 0, 0, 0, 0, 0]);
const span = { start: Uint8Array.of(0x61), end: Uint8Array.of(0x62) };
const REQUEST = {
  ...{ sourceDirectory: 'source', targetDirectory: 'target', spans: [span] },
  ...{ leastLogNumber: 0, policy: COPY_PARTS, verify: false },
};
const table = { number: 1, sizeBytes: 1, smallest: key, largest: key };

test('a check that fails during the splits is reported by the commit, and not as an unhandled rejection', async () => {
  const failure = new EngineError('SSTITCH_TABLES_INVALID', 'damaged');
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
      return [{ outcome: { kind: 'split', parts: [undefined] }, unsynced: [] }];
    },
    closeFiles: () => undefined,
  } as unknown as WorkerPool;
  const set = await extractTables(pool, REQUEST, undefined);
  await expect(ExtractedTables.incomingOf(set)?.checking).rejects.toBe(failure);
});

test.each([
  ['fails, without the thread of commits', ['normal', 'normal']],
  ['is aborted, in the thread that a close waits for', ['normal', 'urgent']],
] as const)('the directory of an extract is removed if it %s', async (how, priorities) => {
  const run: string[] = [];
  const controller = new AbortController();
  const pool = {
    async run(_task: unknown, _input: unknown, { signal, priority = 'normal' }: RunOptions = {}) {
      signal?.throwIfAborted();
      run.push(priority);
      return {
        lastSequence: 1,
        groups: [[{ table, placement: 'linked', path: 'split', parts: [] }]],
      };
    },
    async forEach() {
      if (how.startsWith('is aborted')) controller.abort();
      throw new EngineError('SSTITCH_FILE_OPERATION', 'failed');
    },
    fileSystem: {},
  } as unknown as WorkerPool;
  await expect(extractTables(pool, REQUEST, controller.signal)).rejects.toThrow('failed');
  expect(run).toEqual(priorities);
});
