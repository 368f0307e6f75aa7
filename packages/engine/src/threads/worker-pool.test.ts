import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeInternalKey, nodeFileSystem, TableBuilder } from '@sstitch/sst';
import { describe, expect, test } from 'vitest';
import { holdBulkThreads, holdOneBulkThread } from '../../test/held-threads.js';
import { openFilesIn } from '../../test/open-files.js';
import { temporaryDirectory } from '../../test/store-fixture.js';
import {
  appendEntriesTask,
  type BuildSession,
  beginTablesTask,
  finishTablesTask,
} from '../build/build-tables.js';
import { packEntries } from '../build/entry-pages.js';
import { closeHeldFiles } from '../files/held-files.js';
import { makeGenerationTask, mkdirTask } from '../store-directory/store-files.js';
import { COPY_PARTS, type SplitPolicy } from '../tables/split-policy.js';
import { doTableJobTask, type TableJob } from '../tables/table-jobs.js';
import { InlinePool } from './inline-pool.js';
import { threadPool } from './thread-pool.js';
import type { WorkerPool } from './worker-pool.js';

const POOLS: ReadonlyArray<readonly [string, () => WorkerPool]> = [
  ['on the calling thread', () => new InlinePool(nodeFileSystem)],
  ['in worker threads', threadPool],
];

/** Items that make directories, which must not exist. */
function directories(count: number) {
  const parent = temporaryDirectory();
  const items = Array.from({ length: count }, (_, index) => ({
    directory: join(parent, String(index).padStart(3, '0')),
  }));
  return { parent, items, made: () => readdirSync(parent).length };
}

/** Makes a job on a table of one key. The bounds in the outcome show which job it belongs to. */
function tableJob(key: string): { readonly job: TableJob; readonly policy: SplitPolicy } {
  const path = join(temporaryDirectory(), '000005.ldb');
  const file = nodeFileSystem.open(path, 'create');
  const builder = new TableBuilder(file, { path });
  builder.add(makeInternalKey(Buffer.from(key), 1, 'value'), Buffer.from('v'));
  const { sizeBytes } = builder.finish();
  file.close();
  const keep = [{ start: new Uint8Array(0), end: undefined }];
  const job: TableJob = {
    ...{ kind: 'split', path, origin: path, sizeBytes, parts: [{ keep, path: `${path}.part` }] },
    ...{ isOwn: false, mayStayWhole: true, purge: false, keepsLink: true },
  };
  return { job, policy: COPY_PARTS };
}

describe.each(POOLS)('a pool %s', (_where, open) => {
  test('runs every item once, and returns the outputs in the order of the items', async () => {
    const pool = open();
    const { items, made } = directories(50);
    await pool.forEach(makeGenerationTask, items);
    expect(made()).toBe(50);
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const jobs = keys.map(tableJob);
    const seen = new Map<number, unknown>();
    const onOutput = (output: unknown, index: number) => seen.set(index, output);
    const outcomes = await pool.forEach(doTableJobTask, jobs, { onOutput });
    expect(outcomes).toEqual(
      keys.map((key) => {
        const bound = makeInternalKey(Buffer.from(key), 1, 'value');
        const outcome = { kind: 'whole', smallest: bound, largest: bound };
        return { outcome, unsynced: [] };
      }),
    );
    expect(new Map([...seen].sort(([a], [b]) => a - b))).toEqual(new Map(outcomes.entries()));
  });

  test('begins no item after a failure, and settles when none runs', async () => {
    const { parent, items, made } = directories(200);
    mkdirSync(join(parent, '003'));
    let outputs = 0;
    const onOutput = () => {
      outputs++;
    };
    const running = open().forEach(makeGenerationTask, items, { onOutput });
    await expect(running).rejects.toMatchObject({
      code: 'EEXIST',
      path: join(parent, '003'),
    });
    const atEnd = made();
    expect(atEnd).toBeLessThan(200);
    // No output is lost, as it may hold files that have to be closed.
    expect(outputs).toBe(atEnd - 1);
    await open().run(mkdirTask, { directory: parent });
    expect(made()).toBe(atEnd);
  });

  test('ends if onOutput throws, and rejects with its error', async () => {
    const { items, made } = directories(200);
    const thrown = new Error('of the caller');
    const onOutput = () => {
      throw thrown;
    };
    const running = open().forEach(makeGenerationTask, items, { onOutput });
    await expect(running).rejects.toBe(thrown);
    expect(made()).toBeGreaterThan(0);
  });

  test('rejects with an AbortError that has the reason, and does nothing, after an abort', async () => {
    const { items, made } = directories(3);
    const reason = { why: 'not wanted' };
    const signal = AbortSignal.abort(reason);
    const expected = { name: 'AbortError', code: 'SSTITCH_ABORTED' };
    const pool = open();
    for (const running of [
      pool.forEach(makeGenerationTask, items, { signal }),
      pool.run(makeGenerationTask, { directory: items[0]?.directory ?? '' }, { signal }),
    ]) {
      const error = await running.catch((caught: Error) => caught);
      expect(error).toMatchObject(expected);
      expect((error as Error).cause).toBe(reason);
    }
    expect(made()).toBe(0);
  });

  test('stops between two items after an abort', async () => {
    const { items, made } = directories(2000);
    const aborting = new AbortController();
    const reason = new Error('enough');
    let outputs = 0;
    const onOutput = () => {
      outputs++;
      aborting.abort(reason);
    };
    const running = open().forEach(makeGenerationTask, items, {
      signal: aborting.signal,
      onOutput,
    });
    const outcome = await running.catch((error: Error) => error);
    // In threads, all items may be done before the abort.
    if (outcome instanceof Error) expect(outcome.cause).toBe(reason);
    else expect(made()).toBe(2000);
    expect(outputs).toBe(made());
  });

  test('returns an empty array without items', async () => {
    expect(await open().forEach(makeGenerationTask, [])).toEqual([]);
  });

  test('passes one object to the tasks of a session, and another one to those of another session', async () => {
    const pool = open();
    const spans = [{ start: new Uint8Array(0), end: undefined }];
    const build = async (key: string) => {
      const session = pool.session<BuildSession>();
      const directory = temporaryDirectory();
      await session.run(beginTablesTask, { directory, spans });
      const page = packEntries([[Buffer.from(key), Buffer.from('v')]], 0);
      await session.run(appendEntriesTask, { page });
      const { entries, spans: built, unsynced } = await session.run(finishTablesTask, undefined);
      closeHeldFiles(nodeFileSystem, unsynced);
      await session.end();
      return { entries, smallest: built[0]?.runs[0]?.[0]?.smallest };
    };
    const keys = ['a', 'b', 'c'];
    expect(await Promise.all(keys.map(build))).toEqual(
      keys.map((key) => ({ entries: 1, smallest: makeInternalKey(Buffer.from(key), 1, 'value') })),
    );
    const empty = pool.session<BuildSession>();
    await expect(empty.run(finishTablesTask, undefined)).rejects.toThrow(
      'beginTables was not called',
    );
    await empty.end();
  });

  test('closes the object of a session when the session ends', async () => {
    const session = open().session<BuildSession>();
    const directory = temporaryDirectory();
    await session.run(beginTablesTask, {
      directory,
      spans: [{ start: new Uint8Array(0), end: undefined }],
    });
    await session.run(appendEntriesTask, {
      page: packEntries([[Buffer.from('k'), Buffer.from('v')]], 0),
    });
    const isOpen = () => openFilesIn(directory).length > 0;
    if (process.platform === 'linux') expect(isOpen()).toBe(true);
    await session.end();
    expect(isOpen()).toBe(false);
  });
});

describe('worker threads', () => {
  const manyJobs = () => {
    const job = tableJob('k');
    return Array.from({ length: 100_000 }, () => job);
  };

  test.each(['normal', 'background'] as const)(
    'run other requests between two items of %s priority',
    async (priority) => {
      const pool = threadPool();
      let hasEnded = false;
      const aborting = new AbortController();
      const running = pool
        .forEach(doTableJobTask, manyJobs(), { priority, signal: aborting.signal })
        .catch(() => undefined)
        .finally(() => {
          hasEnded = true;
        });
      for (let task = 0; task < 4; task++) {
        await pool.run(mkdirTask, { directory: temporaryDirectory() });
      }
      expect(hasEnded).toBe(false);
      aborting.abort();
      await running;
    },
  );

  test('run background items eventually, even if others repeatedly go first', async () => {
    const pool = threadPool();
    const jobs = manyJobs().slice(0, 500);
    const running = pool.forEach(doTableJobTask, jobs, { priority: 'background' });
    const directory = temporaryDirectory();
    for (let other = 0; other < 20; other++) await pool.run(mkdirTask, { directory });
    expect((await running).map(({ outcome }) => outcome.kind)).toEqual(jobs.map(() => 'whole'));
  });

  test('run the items of a busy thread', async () => {
    const release = await holdOneBulkThread();
    const { items, made } = directories(20);
    await threadPool().forEach(makeGenerationTask, items);
    expect(made()).toBe(20);
    await release();
  });

  test('get no request without items', async () => {
    const release = await holdBulkThreads();
    expect(await threadPool().forEach(makeGenerationTask, [])).toEqual([]);
    await release();
  });

  test('end a request at once after an abort if they are busy with others', async () => {
    const aborting = new AbortController();
    const { signal } = aborting;
    const running = threadPool()
      .forEach(doTableJobTask, manyJobs(), { signal, priority: 'background' })
      .catch((error: Error) => error.name);
    // These requests go first, and keep the threads busy.
    const release = await holdBulkThreads();
    await new Promise((resolve) => setTimeout(resolve, 100));
    aborting.abort();
    expect(await running).toBe('AbortError');
    await release();
  });
});
