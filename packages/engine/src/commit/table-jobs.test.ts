import { nodeFileSystem } from '@sstitch/sst';
import { expect, test } from 'vitest';
import { InlineRunner, type TaskRunner } from '../workers/task-runner.js';
import { shareTableJobs, type TableJob } from './table-jobs.js';

const missing = (name: string): TableJob => ({
  kind: 'check',
  path: `/there/is/no/such/${name}`,
  recorded: {},
});

test('no jobs are done without asking a thread', async () => {
  const nobody = { run: () => Promise.reject(new Error('asked')) } as unknown as TaskRunner;
  expect(await shareTableJobs(nobody, [], { narrowFromBytes: 0 }, undefined)).toEqual([]);
});

test('after a failure no job is begun, and both threads have ended', async () => {
  const inline = new InlineRunner(nodeFileSystem);
  let running = 0;
  let calls = 0;
  const runner = {
    async run(...task: Parameters<InlineRunner['run']>) {
      running++;
      calls++;
      await undefined;
      try {
        return await inline.run(...task);
      } finally {
        running--;
      }
    },
  } as unknown as TaskRunner;
  const jobs = Array.from({ length: 100 }, (_, job) => missing(`${job}`));
  const sharing = shareTableJobs(runner, jobs, { narrowFromBytes: 0 }, undefined);
  await expect(sharing).rejects.toMatchObject({ code: 'SSTITCH_TABLE_IO' });
  expect(running).toBe(0);
  expect(calls).toBe(2);
});

test('outcomes come in the order of the jobs, however many calls they take', async () => {
  const sizes: number[] = [];
  const runner = {
    async run(
      _: string,
      { jobs, atMost }: { jobs: { items: TableJob[]; next: SharedArrayBuffer }; atMost: number },
    ) {
      const done = new Map<number, unknown>();
      while (done.size < atMost) {
        const index = Atomics.add(new Int32Array(jobs.next), 0, 1);
        if (index >= jobs.items.length) break;
        done.set(index, { kind: 'checked', path: jobs.items[index]?.path });
      }
      sizes.push(done.size);
      return done;
    },
  } as unknown as TaskRunner;
  const jobs = Array.from({ length: 100 }, (_, job) => missing(`${job}`));
  const outcomes = await shareTableJobs(runner, jobs, { narrowFromBytes: 0 }, undefined);
  expect(outcomes).toEqual(jobs.map(({ path }) => ({ kind: 'checked', path })));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
  expect(sizes.length).toBeGreaterThan(2);
});
