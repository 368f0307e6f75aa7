import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SyncType } from '@sstitch/records';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type GrantToWrite,
  makeC1z,
  makeDatabase,
  type SyncToWrite,
  wrapDatabase,
} from './make-c1z.js';
import type { C1zOptions } from './options.js';
import { type C1zFile, openC1z } from './read-c1z.js';

let directory: string;
let temporaryDirectory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'read-c1z-'));
  temporaryDirectory = join(directory, 'temporary');
  path = join(directory, 'some.c1z');
  await mkdir(temporaryDirectory);
});
afterEach(() => rm(directory, { recursive: true }));

const open = (options: C1zOptions = {}) => openC1z(path, { temporaryDirectory, ...options });
const leftBehind = () => readdirSync(temporaryDirectory);

async function all<T>(batches: AsyncIterable<T[]>): Promise<T[]> {
  const records: T[] = [];
  for await (const batch of batches) records.push(...batch);
  return records;
}

/** The number of records without runs and statistics that a file yields. */
async function yielded(file: C1zFile): Promise<number> {
  let records = 0;
  for await (const { bucket, length } of file.batches()) {
    if (bucket !== 'sync_run' && bucket !== 'sync_stats') records += length;
  }
  return records;
}

function* grants(count: number, prefix = 'g'): Generator<GrantToWrite> {
  for (let index = 0; index < count; index += 1) {
    yield {
      message: {
        id: `${prefix}${index}`,
        entitlement: { id: 'e', resource: { id: { resourceType: 'group', resource: 'one' } } },
        principal: { id: { resourceType: 'user', resource: `u${index}` } },
      },
    };
  }
}

const FIRST: SyncToWrite = {
  syncId: 'first',
  type: 'full',
  syncToken: '{"step":1}',
  resourceTypes: [{ id: 'organization' }, { id: 'repository' }],
  resources: [
    { id: { resourceType: 'organization', resource: 'o' } },
    {
      id: { resourceType: 'repository', resource: 'r' },
      parentResourceId: { resourceType: 'organization', resource: 'o' },
    },
  ],
  entitlements: [{ id: 'e', resource: { id: { resourceType: 'repository', resource: 'r' } } }],
  grants: grants(700, 'first-'),
  assets: [{ externalId: 'logo', contentType: 'image/png', data: new Uint8Array(300_000).fill(5) }],
};
const SECOND: SyncToWrite = {
  syncId: 'second',
  type: 'partial',
  parentSyncId: 'first',
  endedAt: null,
  grants: grants(3, 'second-'),
};

describe('a .c1z file with several syncs', () => {
  let file: C1zFile;
  beforeEach(async () => {
    await makeC1z(path, {
      syncs: [
        { ...FIRST, grants: grants(700, 'first-') },
        { ...SECOND, grants: grants(3, 'second-') },
      ],
    });
    file = await open();
  });
  afterEach(() => file.close());

  test('lists them in order, finished or not', () => {
    const [first, second, ...others] = file.syncs();
    expect(others).toEqual([]);
    expect(first).toMatchObject({ syncId: 'first', type: SyncType.FULL, syncToken: '{"step":1}' });
    expect(first?.endedAt).toBeDefined();
    expect(second).toMatchObject({ type: SyncType.PARTIAL, parentSyncId: 'first' });
    expect(second?.endedAt).toBeUndefined();
  });

  test('returns only the records of one sync', async () => {
    const first = await all(file.grants('first'));
    expect(first.length).toBe(700);
    expect(first.every((grant) => grant.externalId.startsWith('first-'))).toBe(true);
    expect(first.every((grant) => grant.syncId === 'first')).toBe(true);
    const second = await all(file.grants('second'));
    expect(second.map((grant) => grant.externalId)).toEqual(['second-0', 'second-1', 'second-2']);
    expect(await all(file.resources('second'))).toEqual([]);
  });

  test('returns every kind of record', async () => {
    expect((await all(file.resourceTypes('first'))).map((type) => type.externalId)).toEqual([
      'organization',
      'repository',
    ]);
    const [, repository] = await all(file.resources('first'));
    expect(repository?.parent).toMatchObject({ resourceTypeId: 'organization', resourceId: 'o' });
    expect((await all(file.entitlements('first')))[0]?.resource?.resourceId).toBe('r');
    const [logo] = await all(file.assets('first'));
    expect(logo).toMatchObject({ externalId: 'logo', contentType: 'image/png' });
    expect(logo?.data).toEqual(new Uint8Array(300_000).fill(5));
  });

  test('can be read several times, and at several positions at once', async () => {
    const [once, again] = await Promise.all([all(file.grants('first')), all(file.grants('first'))]);
    expect(again).toEqual(once);
    expect(once.length).toBe(700);
  });

  test('refuses a sync that it does not list', () => {
    expect(() => file.grants('third')).toThrow(
      expect.objectContaining({ code: 'SSTITCH_C1Z_SYNC_NOT_FOUND' }),
    );
  });

  test('keeps its database in one directory, which close removes', async () => {
    expect(leftBehind().length).toBe(1);
    await file.close();
    await file.close();
    expect(leftBehind()).toEqual([]);
    await expect(all(file.grants('first'))).rejects.toMatchObject({ code: 'SSTITCH_C1Z_CLOSED' });
  });
});

describe('reading', () => {
  test('is read in batches of the requested size', async () => {
    await makeC1z(path, { syncs: [{ syncId: 's', grants: grants(25) }] });
    await using file = await open({ batchRecords: 10 });
    const sizes: number[] = [];
    for await (const batch of file.grants('s')) sizes.push(batch.length);
    expect(sizes).toEqual([10, 10, 5]);
  });

  test('ends a batch when its rows have 4 MiB', async () => {
    const data = new Uint8Array(3 * 2 ** 20);
    const assets = ['a', 'b', 'c'].map((externalId) => ({ externalId, contentType: '', data }));
    await makeC1z(path, { syncs: [{ syncId: 's', assets }] });
    await using file = await open();
    const sizes: number[] = [];
    for await (const batch of file.assets('s')) sizes.push(batch.length);
    expect(sizes).toEqual([2, 1]);
  });

  test('reads expansions from the columns of newer files, and whether syncs support diffs', async () => {
    const [grant] = grants(1);
    const expansion = { entitlementIds: ['e2'], resourceTypeIds: ['user'] };
    await makeC1z(path, {
      newerColumns: true,
      syncs: [
        {
          syncId: 's',
          supportsDiff: true,
          grants: grant === undefined ? [] : [{ ...grant, expansion }],
        },
      ],
    });
    await using file = await open();
    expect(file.syncs()[0]?.supportsDiff).toBe(true);
    const [record] = await all(file.grants('s'));
    expect(record).toMatchObject({ expansion, needsExpansion: true });
  });

  test('reads a database in write-ahead-log mode', async () => {
    const databasePath = join(directory, 'sync.db');
    makeDatabase(databasePath, { syncs: [{ syncId: 's', grants: grants(2) }] });
    const database = readFileSync(databasePath);
    database.set([2, 2], 18);
    writeFileSync(databasePath, database);
    wrapDatabase(databasePath, path);
    await using file = await open();
    expect((await all(file.grants('s'))).length).toBe(2);
  });

  test('neither keeps a process alive that does not close it, nor leaves its directory', async () => {
    await makeC1z(path, { syncs: [FIRST] });
    const built = new URL('../dist/index.js', import.meta.url).href;
    const program = `
      import { openC1z } from ${JSON.stringify(built)};
      const file = await openC1z(${JSON.stringify(path)}, { temporaryDirectory: ${JSON.stringify(temporaryDirectory)} });
      console.log(file.syncs().length);`;
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      timeout: 600_000,
    });
    expect(run).toMatchObject({ status: 0, stdout: '1\n', stderr: '' });
    expect(leftBehind()).toEqual([]);
  });

  test('reports its progress', async () => {
    await makeC1z(path, { syncs: [FIRST] });
    const seen: number[] = [];
    await using file = await open({ onProgress: ({ decodedBytes }) => seen.push(decodedBytes) });
    expect(seen.at(-1)).toBe(file.decodedBytes);
  });

  test('says that it is decoding, then that it is checking', async () => {
    await makeC1z(path, { syncs: [FIRST] });
    const steps: string[] = [];
    await using file = await open({ onProgress: ({ step }) => steps.push(step) });
    expect([...new Set(steps)]).toEqual(['decoding', 'checking']);
    expect(file.format).toBe(1);
  });

  test('counts the records of all syncs, and of some', async () => {
    await makeC1z(path, { syncs: [FIRST, { syncId: 's', grants: grants(50) }] });
    await using file = await open();
    expect(await file.countRecords({ syncIds: ['s'] })).toBe(50);
    expect(await file.countRecords()).toBe(await yielded(file));
    await expect(file.countRecords({ syncIds: ['absent'] })).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_SYNC_NOT_FOUND',
    });
  });

  test('takes the number of records from statistics where the file has them', async () => {
    const fixture = fileURLToPath(new URL('../test-data/format3-today.c1z', import.meta.url));
    await using file = await openC1z(fixture, { temporaryDirectory });
    expect(await file.countRecords()).toBe(await yielded(file));
  });

  test('accepts the largest limit of a value in each format', async () => {
    const options = { temporaryDirectory, maxValueBytes: 2 ** 30 };
    for (const name of ['format1', 'format3-today']) {
      const fixture = fileURLToPath(new URL(`../test-data/${name}.c1z`, import.meta.url));
      await using file = await openC1z(fixture, options);
      expect(await yielded(file)).toBeGreaterThan(0);
    }
  });

  test('does not blame the reader for the time in which the caller blocks its thread', async () => {
    await makeC1z(path, { syncs: [{ syncId: 's', grants: grants(20) }] });
    const started = performance.now();
    await (await open()).close();
    // Much more than the reader takes to start, on this machine now.
    const stallTimeoutMs = Math.ceil(2000 + 5 * (performance.now() - started));
    await using file = await open({ batchRecords: 10, stallTimeoutMs });
    const sizes: number[] = [];
    for await (const { length } of file.grants('s')) {
      // The reader answers meanwhile: it reads a batch ahead.
      if (sizes.push(length) === 1) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallTimeoutMs + 500);
      }
    }
    expect(sizes).toEqual([10, 10]);
  });

  test('can be stopped early', async () => {
    await makeC1z(path, { syncs: [{ syncId: 's', grants: grants(50) }] });
    const file = await open({ batchRecords: 5 });
    for await (const batch of file.grants('s')) {
      expect(batch.length).toBe(5);
      break;
    }
    await file.close();
    expect(leftBehind()).toEqual([]);
  });
});

describe('an AbortSignal', () => {
  beforeEach(() => makeC1z(path, { syncs: [{ syncId: 's', grants: grants(200) }] }));

  test('that has fired opens nothing', async () => {
    const reason = new Error('enough');
    await expect(open({ signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: 'SSTITCH_ABORTED',
      cause: reason,
    });
    expect(leftBehind()).toEqual([]);
  });

  test('that fires during the opening stops it and leaves no file', async () => {
    const controller = new AbortController();
    const opening = open({ signal: controller.signal });
    const watch = setInterval(() => {
      if (leftBehind().length > 0) controller.abort();
    }, 1);
    await expect(opening).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
    clearInterval(watch);
    expect(leftBehind()).toEqual([]);
  });

  test('that fires later ends the iteration and closes the file', async () => {
    const controller = new AbortController();
    const file = await open({ signal: controller.signal, batchRecords: 10 });
    const reading = (async () => {
      for await (const _ of file.grants('s')) controller.abort();
    })();
    await expect(reading).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
    await file.close();
    expect(leftBehind()).toEqual([]);
  });
});

describe('an error', () => {
  test.each([
    { maxDecodedBytes: 0 },
    { maxDecodedRatio: 0.5 },
    { maxValueBytes: -1 },
    { batchRecords: Number.NaN },
    { stallTimeoutMs: Number.POSITIVE_INFINITY },
  ])('refuses the option %j before opening the file', async (options) => {
    await expect(open(options)).rejects.toMatchObject({ code: 'SSTITCH_OPTION_INVALID' });
  });

  test('of a missing file is one of the file system', async () => {
    await expect(open()).rejects.toMatchObject({
      code: 'SSTITCH_FILE_OPERATION',
      path,
      cause: expect.objectContaining({ code: 'ENOENT' }),
    });
  });

  test.skipIf(process.platform === 'win32')(
    'of a pipe is one of the file system, even if nothing writes to it',
    async () => {
      spawnSync('mkfifo', [path]);
      await expect(open()).rejects.toMatchObject({
        code: 'SSTITCH_FILE_OPERATION',
        message: `cannot read the file: it is not a regular file (${path})`,
      });
    },
  );

  test('of a missing directory for temporary files is one of the file system', async () => {
    await makeC1z(path, { syncs: [] });
    const missing = join(directory, 'missing');
    await expect(open({ temporaryDirectory: missing })).rejects.toMatchObject({
      code: 'SSTITCH_FILE_OPERATION',
      path: missing,
    });
  });

  test('ends a reader that does not respond for too long', async () => {
    await makeC1z(path, { syncs: [{ syncId: 's', grants: grants(100) }] });
    await expect(open({ stallTimeoutMs: 1 })).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_STALLED',
    });
    expect(leftBehind()).toEqual([]);
  });
});
