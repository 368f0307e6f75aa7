import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { create as makeMessage } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  type GrantRecord,
  RecordBatch,
  type ResourceRecord,
  ResourceTypeRecordSchema,
  type SyncRecord,
  SyncRunRecordSchema,
  SyncType,
  type ValueBucket,
} from '@sstitch/records';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FIRST_SYNC, SECOND_SYNC, smallBatches, smallSync } from '../test/small-syncs.js';
import { openC1z } from './read-c1z.js';
import type { C1zWriteProgress } from './sync-writer.js';
import { type C1zWriter, createC1z } from './write-c1z.js';
import type { C1zWriteOptions } from './write-options.js';

let directory: string;
let temporaryDirectory: string;
let targets: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'write-c1z-'));
  temporaryDirectory = join(directory, 'temporary');
  targets = join(directory, 'targets');
  path = join(targets, 'some.c1z');
  await mkdir(temporaryDirectory);
  await mkdir(targets);
});
afterEach(async () => {
  const left = readdirSync(temporaryDirectory);
  await rm(directory, { recursive: true });
  expect(left).toEqual([]);
});

const create = (options: C1zWriteOptions = {}) =>
  createC1z(path, { temporaryDirectory, ...options });

async function addAll(writer: C1zWriter, batches: Iterable<RecordBatch>): Promise<void> {
  for (const batch of batches) await writer.add(batch);
}

async function linesOf(file: string): Promise<string[]> {
  const opened = await openC1z(file, { temporaryDirectory });
  const lines: string[] = [];
  for await (const batch of opened.batches()) lines.push(...batchLines([batch]));
  await opened.close();
  return lines.sort();
}

function batchLines(batches: readonly RecordBatch[]): string[] {
  return batches
    .flatMap(({ syncId, bucket, values }) =>
      values.map((value) => `${syncId} ${bucket} ${Buffer.from(value).toString('hex')}`),
    )
    .sort();
}

/** Writes batches that must be refused, at the latest by `finish`; no file may be left. Returns the message. */
async function refusal(
  options: C1zWriteOptions,
  records: readonly (readonly [ValueBucket, SyncRecord])[],
): Promise<string> {
  const writer = await create(options);
  try {
    await addAll(
      writer,
      records.map(([bucket, record]) => RecordBatch.ofRecords(record.syncId, bucket, [record])),
    );
    await writer.finish();
  } catch (error) {
    expect(error).toMatchObject({ name: 'C1zError', code: 'SSTITCH_C1Z_NOT_REPRESENTABLE' });
    return (error as Error).message;
  } finally {
    await writer.close();
    expect(readdirSync(targets)).toEqual([]);
  }
  throw new Error('the file was not refused');
}

describe.each([1, 3] as const)('a file of format %d', (format) => {
  test('has its name only when it is complete, and holds the added records', async () => {
    const batches = smallBatches(FIRST_SYNC);
    const writer = await create({ format });
    await addAll(writer, batches);
    expect(readdirSync(targets)).not.toContain('some.c1z');
    const written = await writer.finish();
    expect(readdirSync(targets)).toEqual(['some.c1z']);
    expect(written).toEqual({
      syncs: 1,
      records: batches.length - 2,
      sizeBytes: readFileSync(path).length,
    });
    expect(await linesOf(path)).toEqual(batchLines(batches));
  });

  test('accepts records in any order', async () => {
    const batches = smallBatches(FIRST_SYNC);
    const writer = await create({ format });
    await addAll(writer, [...batches].reverse());
    await writer.finish();
    expect(await linesOf(path)).toEqual(batchLines(batches));
  });

  test('reports what it does after all records were added', async () => {
    const seen: C1zWriteProgress[] = [];
    const writer = await create({ format, onProgress: (progress) => seen.push(progress) });
    await addAll(writer, smallBatches(FIRST_SYNC));
    expect(seen).toEqual([]);
    await writer.finish();
    const units = [...new Set(seen.map(({ unit }) => unit))];
    expect(units).toEqual(format === 3 ? ['entries'] : ['indexes', 'bytes']);
    for (const { done, total } of seen) expect(done).toBeLessThanOrEqual(total);
  });

  test('replaces an existing file only when it is complete', async () => {
    writeFileSync(path, 'before');
    const abandoned = await create({ format });
    await addAll(abandoned, smallBatches(FIRST_SYNC));
    await abandoned.close();
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(readdirSync(targets)).toEqual(['some.c1z']);
    const writer = await create({ format });
    await addAll(writer, smallBatches(FIRST_SYNC));
    await writer.finish();
    expect((await linesOf(path)).length).toBeGreaterThan(30);
  });

  test('is removed when the signal fires, with an AbortError whose cause is the reason', async () => {
    const controller = new AbortController();
    const reason = new Error('no more');
    const writer = await create({ format, signal: controller.signal });
    await addAll(writer, smallBatches(FIRST_SYNC));
    controller.abort(reason);
    await expect(writer.finish()).rejects.toMatchObject({
      name: 'AbortError',
      code: 'SSTITCH_ABORTED',
      cause: reason,
    });
    await writer.close();
    expect(readdirSync(targets)).toEqual([]);
    await expect(create({ format, signal: controller.signal })).rejects.toMatchObject({
      code: 'SSTITCH_ABORTED',
    });
  });

  test('accepts nothing after its end', async () => {
    const writer = await create({ format });
    const batches = smallBatches(FIRST_SYNC);
    await addAll(writer, batches);
    await writer.finish();
    await writer.close();
    const add = async () => {
      await writer.add(batches[0] as RecordBatch);
      await writer.finish();
    };
    await expect(add()).rejects.toMatchObject({ code: 'SSTITCH_C1Z_CLOSED' });
    expect(readdirSync(targets)).toEqual(['some.c1z']);
  });

  test('is refused if a sync has no run, or if there is no sync', async () => {
    const withoutRun = smallSync(FIRST_SYNC).filter(([bucket]) => bucket !== 'sync_run');
    expect(await refusal({ format }, withoutRun)).toContain(
      `the run of sync ${FIRST_SYNC} is missing among its records`,
    );
    expect(await refusal({ format }, [])).toContain('there is no sync to write');
  });

  test('is refused if a record is added twice', async () => {
    const records = smallSync(FIRST_SYNC);
    const [type] = records.filter(([bucket]) => bucket === 'resource_type');
    const twice = await refusal({ format }, [...records, type as (typeof records)[0]]);
    expect(twice).toMatch(/resource type "user"/);
    const [stats] = records.filter(([bucket]) => bucket === 'sync_stats');
    const counted = await refusal({ format }, [...records, stats as (typeof records)[0]]);
    expect(counted).toContain(`the statistics of sync ${FIRST_SYNC} were added twice`);
  });

  test('is not started if the directory is missing', async () => {
    await expect(
      createC1z(join(directory, 'nowhere', 'some.c1z'), { temporaryDirectory, format }),
    ).rejects.toMatchObject({
      code: 'SSTITCH_FILE_OPERATION',
      message: expect.stringContaining('cannot make '),
    });
  });

  test('is not started in the place of what is not a file, or below a file', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    for (const taken of [directory, join(directory, 'a\0b'), join(file, 'some.c1z')]) {
      await expect(createC1z(taken, { temporaryDirectory, format })).rejects.toMatchObject({
        code: 'SSTITCH_FILE_OPERATION',
        path: taken,
      });
    }
  });
});

describe('a file of format 1', () => {
  test('holds several syncs, finished or not', async () => {
    const batches = [...smallBatches(FIRST_SYNC), ...smallBatches(SECOND_SYNC, false)];
    const writer = await create({ format: 1 });
    await addAll(writer, batches);
    expect(await writer.finish()).toMatchObject({ syncs: 2 });
    expect(await linesOf(path)).toEqual(batchLines(batches));
  });

  test('is refused if two resources have the same id in the format', async () => {
    const records = smallSync(FIRST_SYNC);
    const [, resource] = records.find(([bucket]) => bucket === 'resource') ?? [];
    const named = (resourceTypeId: string, resourceId: string) =>
      ['resource', { ...(resource as ResourceRecord), resourceTypeId, resourceId }] as const;
    const both = [...records, named('a:b', 'c'), named('a', 'b:c')];
    expect(await refusal({ format: 1 }, both)).toContain(
      'two records of one sync are resource "a:b:c": a file of format 1 holds one of them',
    );
  });
});

/** An unknown field of 3 MiB, which a row cannot express. */
function unknownField() {
  const data = new BinaryWriter().bytes(new Uint8Array(3 * 2 ** 20)).finish();
  return [{ no: 1000, wireType: WireType.LengthDelimited, data }];
}

describe('records that rows of format 1 cannot express', () => {
  test('end a batch when they have 4 MiB', async () => {
    const [run] = smallBatches(FIRST_SYNC);
    const records = ['a', 'b', 'c'].map((externalId) => ({
      ...makeMessage(ResourceTypeRecordSchema, { syncId: FIRST_SYNC, externalId }),
      $unknown: unknownField(),
    }));
    const writer = await create({ format: 1 });
    const types = RecordBatch.ofRecords(FIRST_SYNC, 'resource_type', records);
    await addAll(writer, [run as RecordBatch, types]);
    await writer.finish();
    const file = await openC1z(path, { temporaryDirectory });
    const values: Uint8Array[][] = [];
    for await (const batch of file.batches()) {
      if (batch.bucket === 'resource_type') values.push([...batch.values]);
    }
    await file.close();
    expect(values.map(({ length }) => length)).toEqual([2, 1]);
    expect(Buffer.concat(values.flat()).equals(Buffer.concat([...types.values]))).toBe(true);
  });

  test('count among the runs of a file, which have a limit', async () => {
    const writer = await create({ format: 1 });
    for (let index = 0; index < 22; index += 1) {
      const syncId = `sync-${index}`;
      const record = {
        ...makeMessage(SyncRunRecordSchema, { syncId, type: SyncType.FULL }),
        $unknown: unknownField(),
      };
      await writer.add(RecordBatch.ofRecords(syncId, 'sync_run', [record]));
    }
    await writer.finish();
    await expect(openC1z(path, { temporaryDirectory })).rejects.toMatchObject({
      code: 'SSTITCH_C1Z_TOO_LARGE',
    });
  });
});

test('a sync id in format 1 may contain a zero byte', async () => {
  const records = smallSync(FIRST_SYNC).map(([bucket, record]) =>
    RecordBatch.ofRecords('a\0b', bucket, [{ ...record, syncId: 'a\0b' } as SyncRecord]),
  );
  const writer = await create({ format: 1 });
  await addAll(writer, records);
  await writer.finish();
  expect(await linesOf(path)).toEqual(batchLines(records));
});

describe('a file of format 3', () => {
  test('is refused with a second sync', async () => {
    const both = [...smallSync(FIRST_SYNC), ...smallSync(SECOND_SYNC)];
    expect(await refusal({}, both)).toContain(
      `there are several syncs, among them ${FIRST_SYNC} and ${SECOND_SYNC}, but a file of format 3 holds one: choose one, or write format 1`,
    );
  });

  const changedGrant = (change: (grant: GrantRecord) => object) => {
    const records = smallSync(FIRST_SYNC);
    const [, grant] = records.find(([bucket]) => bucket === 'grant') ?? [];
    const changed = { ...(grant as GrantRecord), ...change(grant as GrantRecord) } as GrantRecord;
    return [...records, ['grant', changed] as const];
  };

  test('is refused if two grants have the same entitlement and principal', async () => {
    const records = changedGrant(() => ({ externalId: 'another' }));
    expect(await refusal({}, records)).toMatch(
      /grant "(opaque:user:plain|another)" and grant "(opaque:user:plain|another)" have the same entitlement and principal/,
    );
  });

  test('is refused if a grant names no principal', async () => {
    const records = changedGrant(() => ({ externalId: 'another', principal: undefined }));
    expect(await refusal({}, records)).toContain(
      'grant "another" cannot be stored in a file of format 3: it names no principal\'s resource type; write format 1',
    );
    expect(await refusal({ format: 1 }, records)).toContain(
      'a grant cannot be stored in a file of format 1',
    );
  });

  test('is refused for a sync whose id is not a KSUID', async () => {
    const records = smallSync(FIRST_SYNC).map(([bucket, record]) => {
      return [bucket, { ...record, syncId: 'mine' } as SyncRecord] as const;
    });
    expect(await refusal({}, records)).toContain('a sync has the id "mine", which is not a KSUID');
  });
});

test('a signal that fires during the start of a file ends it', async () => {
  const controller = new AbortController();
  const starting = create({ signal: controller.signal });
  controller.abort();
  await expect(starting).rejects.toMatchObject({ name: 'AbortError', code: 'SSTITCH_ABORTED' });
  expect(readdirSync(targets)).toEqual([]);
});

test('a format that does not exist is refused', async () => {
  await expect(create({ format: 2 as 3 })).rejects.toMatchObject({
    code: 'SSTITCH_OPTION_INVALID',
    message: 'format must be 1 or 3, not 2',
  });
});

test('leaves no file if the main program is killed', async () => {
  const built = new URL('../dist/index.js', import.meta.url).href;
  const program = `
    import { createC1z } from ${JSON.stringify(built)};
    await createC1z(${JSON.stringify(path)}, ${JSON.stringify({ temporaryDirectory })});
    process.stdout.write('started');
    setInterval(() => {}, 1000);`;
  const main = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(main.stdout, 'data');
  expect(readdirSync(targets).length).toBe(1);
  main.kill('SIGKILL');
  await once(main, 'exit');
  while (readdirSync(targets).length + readdirSync(temporaryDirectory).length > 0) await sleep(10);
});

test('does not keep a finished main program alive', () => {
  const built = new URL('../dist/index.js', import.meta.url).href;
  const program = `
    import { createC1z } from ${JSON.stringify(built)};
    const writer = await createC1z(${JSON.stringify(path)}, ${JSON.stringify({ temporaryDirectory })});
    await writer.close();`;
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  expect(run).toMatchObject({ status: 0, stderr: '' });
});
