import { join } from 'node:path';
import { makeInternalKey, nodeFileSystem, TableBuilder } from '@sstitch/sst';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../test/store-fixture.js';
import { mkdirTask } from '../store-directory/store-files.js';
import { hasRest, sharedList } from '../threads/shared-list.js';
import { InlineRunner, type TaskRunner, ThreadRunner } from '../threads/task-runner.js';
import { UnsyncedFiles } from '../threads/unsynced-files.js';
import { doTableJobs, doTableJobsTask, shareTableJobs, type TableJob } from './table-jobs.js';

const missing = (name: string): TableJob => ({
  kind: 'check',
  path: `/there/is/no/such/${name}`,
  origin: `/there/is/no/such/${name}`,
  recorded: {},
});

test('no jobs are done without asking a thread', async () => {
  const nobody = { run: () => Promise.reject(new Error('asked')) } as unknown as TaskRunner;
  expect(
    await shareTableJobs(nobody, [], new UnsyncedFiles(nobody), { shareFromBytes: 0 }, undefined),
  ).toEqual([]);
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
  const sharing = shareTableJobs(
    runner,
    jobs,
    new UnsyncedFiles(runner),
    { shareFromBytes: 0 },
    undefined,
  );
  await expect(sharing).rejects.toMatchObject({ code: 'SSTITCH_TABLE_IO' });
  expect(running).toBe(0);
  expect(calls).toBe(2);
});

test('outcomes come in the order of the jobs, however many calls they take', async () => {
  const sizes: number[] = [];
  const runner = {
    async run(
      _: unknown,
      { jobs, atMost }: { jobs: { items: TableJob[]; next: SharedArrayBuffer }; atMost: number },
    ) {
      const done = new Map<number, unknown>();
      while (done.size < atMost) {
        const index = Atomics.add(new Int32Array(jobs.next), 0, 1);
        if (index >= jobs.items.length) break;
        done.set(index, { kind: 'checked', path: jobs.items[index]?.path });
      }
      sizes.push(done.size);
      return { outcomes: done, unsynced: [] };
    },
  } as unknown as TaskRunner;
  const jobs = Array.from({ length: 100 }, (_, job) => missing(`${job}`));
  const outcomes = await shareTableJobs(
    runner,
    jobs,
    new UnsyncedFiles(runner),
    { shareFromBytes: 0 },
    undefined,
  );
  expect(outcomes).toEqual(jobs.map(({ path }) => ({ kind: 'checked', path })));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
  expect(sizes.length).toBeGreaterThan(2);
});

/** A table of one entry, to be checked `count` times. */
function checksOfATable(count: number): TableJob[] {
  const path = join(temporaryDirectory(), '000005.ldb');
  const file = nodeFileSystem.open(path, 'create');
  const builder = new TableBuilder(file, { path });
  builder.add(makeInternalKey(Buffer.from('k'), 1, 'value'), Buffer.from('v'));
  builder.finish();
  file.close();
  return Array.from({ length: count }, () => ({ kind: 'check', path, origin: path, recorded: {} }));
}

test('jobs that give way end between two jobs where other work waits; others go on', () => {
  const wanted = () => true;
  const go = () => undefined;
  const input = { atMost: 100, shareFromBytes: 0 };
  const patient = { ...input, jobs: sharedList(checksOfATable(3)), background: true };
  for (const left of [true, true, true, false]) {
    expect(doTableJobs(nodeFileSystem, patient, go, wanted).outcomes.size).toBe(left ? 1 : 0);
  }
  const jobs = sharedList(checksOfATable(3));
  expect(doTableJobs(nodeFileSystem, { ...input, jobs }, go, wanted).outcomes.size).toBe(3);
});

test('a thread that has jobs which give way takes what is asked of it next', async () => {
  const thread = new ThreadRunner().session();
  const jobs = sharedList(checksOfATable(100_000));
  const input = { jobs, atMost: jobs.items.length, shareFromBytes: 0, background: true };
  const checking = thread.run(doTableJobsTask, input, { background: true });
  await thread.run(mkdirTask, { directory: temporaryDirectory() });
  expect(hasRest(jobs)).toBe(true);
  await checking;
  expect(hasRest(jobs)).toBe(true);
});

test('all jobs are done in the end, though others go first time and again', async () => {
  const runner = new ThreadRunner();
  const jobs = checksOfATable(500);
  const sharing = shareTableJobs(
    runner,
    jobs,
    new UnsyncedFiles(runner),
    { shareFromBytes: 0, background: true },
    undefined,
  );
  const directory = temporaryDirectory();
  for (let other = 0; other < 20; other++) await runner.run(mkdirTask, { directory });
  expect(await sharing).toEqual(jobs.map(() => ({ kind: 'checked' })));
});
