import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cloneSync } from '@sstitch/operations';
import { syntheticSyncId } from '@sstitch/testkit';
import { expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson, testDirectory } from '../../../test/in-process.js';
import { openElsewhere } from '../../../test/process.js';
import type { CommandContext } from '../../command-line/command-context.js';
import { openLocalStore, withReader } from '../../stores/open-store.js';
import { Interruption } from '../../terminal/io.js';
import { isFaultOfFile, takeFile } from './take-file.js';

const SYNC = syntheticSyncId({});

/** Creates a directory to watch and a file of a sync; returns both with the digest of the sync. */
async function scene() {
  const root = testDirectory();
  // The directory of the store exists and is empty: the store is made in it.
  const [incoming, into] = [join(root, 'incoming'), join(root, 'base')];
  for (const directory of [incoming, into]) mkdirSync(directory);
  const source = join(root, 'source');
  await sstitchJson('generate', source, '--grants', '30');
  await sstitchJson('export', source, '--sync', SYNC, '--output', join(root, 'sync.jsonl'));
  return { root, incoming, into, file: join(root, 'sync.jsonl'), digests: await digestsOf(source) };
}

/** Polls until a condition is true. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50);
}

async function holds(into: string, digests: Record<string, string>): Promise<boolean> {
  const held = await digestsOf(into).catch(() => ({}));
  return JSON.stringify(held) === JSON.stringify(digests);
}

it('imports a file when it is complete, and ends when it is interrupted', async () => {
  const { incoming, into, file, digests } = await scene();
  const stopping = new AbortController();
  const line = ['watch', incoming, '--into', into, '--interval', '1', '--json'];
  const running = sstitch(line, { signal: stopping.signal });
  const bytes = readFileSync(file);
  const half = Math.floor(bytes.length / 2);
  const growing = join(incoming, 'growing.jsonl');
  writeFileSync(growing, bytes.subarray(0, half));
  await sleep(300);
  appendFileSync(growing, bytes.subarray(half));
  await until(() => holds(into, digests));
  stopping.abort(new Interruption('SIGINT'));
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(130);
  const documents = stdout
    .trimEnd()
    .split('\n')
    .map((each) => JSON.parse(each));
  // The file may be truncated at first, if a check falls between the two writes.
  expect(documents.at(-1)).toEqual({
    ...{ file: growing, outcome: 'imported', syncs: [{ syncId: SYNC, grants: 30 }] },
  });
});

it('skips syncs that the store holds, and unfinished syncs', async () => {
  const { incoming, into, file } = await scene();
  const unfinished = join(incoming, 'unfinished.jsonl');
  const text = readFileSync(file, 'utf8');
  writeFileSync(unfinished, text.replace(/,"ended_at":"[^"]*"/, ''));
  const watch = () =>
    sstitchJson<{ files: object[] }>(
      'watch',
      incoming,
      '--into',
      into,
      '--once',
      '--interval',
      '1',
    );
  expect((await watch()).files).toEqual([{ file: unfinished, outcome: 'unchanged', syncs: [] }]);
  renameSync(file, join(incoming, 'finished.jsonl'));
  expect((await watch()).files).toMatchObject([{ outcome: 'imported' }, { outcome: 'unchanged' }]);
  expect((await watch()).files).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'unchanged' }]);
});

it('skips a sheet of grants, whatever its name, because it holds less than the sync', async () => {
  const { root, incoming, into, file } = await scene();
  await sstitchJson('import', file, '--into', into);
  const before = await digestsOf(into);
  const sheet = join(incoming, 'grants.csv');
  await sstitchJson('export', join(root, 'source'), '--sync', SYNC, '--output', sheet);
  const rows = readFileSync(sheet, 'utf8').replaceAll(/,20\d\d-/g, ',2099-');
  const misnamed = join(incoming, 'grants.jsonl');
  for (const path of [sheet, misnamed]) writeFileSync(path, rows);
  const line = ['watch', incoming, '--into', into, '--once', '--interval', '1'];
  const { exitCode, stdout } = await sstitch(line);
  expect({ exitCode, lines: stdout.split('\n') }).toEqual({
    exitCode: 0,
    lines: [
      ...[sheet, misnamed].map(
        (path) =>
          `${path}: skipped, because a sheet of grants holds less than a sync; \`sstitch import\` imports it`,
      ),
      '',
    ],
  });
  expect((await sstitchJson<{ files: object[] }>(...line)).files).toEqual(
    [sheet, misnamed].map((path) => ({ file: path, outcome: 'skipped', syncs: [] })),
  );
  expect(await digestsOf(into)).toEqual(before);
});

it('takes --zone for the .c1z files among others', async () => {
  const { incoming, into, file, digests } = await scene();
  renameSync(file, join(incoming, 'sync.jsonl'));
  const line = ['watch', incoming, '--into', into, '--once', '--interval', '1', '--zone', 'UTC'];
  await sstitchJson(...line);
  expect(await digestsOf(into)).toEqual(digests);
});

it('says that the directory is gone', async () => {
  const { incoming, into } = await scene();
  const watching = sstitch(['watch', incoming, '--into', into, '--interval', '1']);
  await sleep(100);
  rmdirSync(incoming);
  expect(await watching).toEqual({
    exitCode: 5,
    stdout: '',
    stderr: `sstitch: the directory does not exist: ${incoming}; check the path\n`,
  });
});

it('prints the files, and the error of the first bad one with --once --json', async () => {
  const { incoming, into, file } = await scene();
  renameSync(file, join(incoming, 'sync.jsonl'));
  writeFileSync(join(incoming, 'bad.jsonl'), 'nonsense');
  const line = ['watch', incoming, '--into', into, '--once', '--interval', '1', '--json'];
  const { exitCode, stdout, stderr } = await sstitch(line);
  expect(JSON.parse(stdout).files).toMatchObject([{ outcome: 'failed' }, { outcome: 'imported' }]);
  const message = '1 of 2 files was not imported';
  const error = { code: 'SSTITCH_LINES_INVALID', message, exitCode: 4 };
  expect(stderr).toBe(`sstitch: ${message}\n${JSON.stringify({ error })}\n`);
  expect(exitCode).toBe(4);
});

it('keeps the version of a sync that ended last, whatever the names of its files', async () => {
  const { root, incoming, into } = await scene();
  const source = join(root, 'source');
  const [older, newer] = [join(incoming, 'b-older.jsonl'), join(incoming, 'a-newer.jsonl')];
  await sstitchJson('export', source, '--sync', SYNC, '--output', older);
  const text = readFileSync(older, 'utf8');
  writeFileSync(newer, text.replace(/"ended_at":"\d{4}/, '"ended_at":"2099'));
  const watch = () =>
    sstitchJson<{ files: object[] }>(
      ...['watch', incoming, '--into', into, '--once', '--interval', '1'],
    );
  expect((await watch()).files).toMatchObject([
    { file: newer, outcome: 'imported' },
    { file: older, outcome: 'unchanged' },
  ]);
  const [sync] = await sstitchJson<{ endedAt: string }[]>('syncs', into);
  expect(sync?.endedAt).toMatch(/^2099/);
});

it('waits for a store that another process has open, and retries', async () => {
  const { incoming, into, file, digests } = await scene();
  await sstitchJson('generate', into, '--grants', '1', '--seed', '7');
  const close = await openElsewhere(into);
  renameSync(file, join(incoming, 'sync.jsonl'));
  const stopping = new AbortController();
  const line = ['watch', incoming, '--into', into, '--interval', '1'];
  const running = sstitch(line, { signal: stopping.signal });
  await sleep(2500);
  await close();
  await until(async () => (await digestsOf(into))[SYNC] === digests[SYNC]);
  stopping.abort(new Interruption('SIGTERM'));
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(143);
  // On a slow machine there may have been no check while it was open.
  expect(stdout).toMatch(/^(not imported, will be retried: [^\n]*\n)*imported [^\n]*\n$/);
});

it('keeps a later version that another command imports while it waits for the store', async () => {
  const { root, into, file } = await scene();
  const other = join(root, 'other');
  const newer = join(root, 'newer.jsonl');
  writeFileSync(newer, readFileSync(file, 'utf8').replace(/"ended_at":"\d{4}/, '"ended_at":"2099'));
  await sstitchJson('import', newer, '--into', other);
  const store = await openLocalStore(into, 'create');
  let onWait: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => {
    onWait = resolve;
  });
  const context = {
    note: onWait,
    progress: { isShown: false, update: () => undefined },
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  const seen = { name: 'sync.jsonl', path: file };
  const taking = takeFile(context, seen, { into, zone: undefined, wait: 3600 });
  await waiting;
  await withReader(other, (engine) => cloneSync({ engine, into: store, syncId: SYNC, as: SYNC }));
  await store.close();
  expect(await taking).toMatchObject({ outcome: 'unchanged' });
  expect(await digestsOf(into)).toEqual(await digestsOf(other));
});

it('counts a damaged file against the file, and not a damaged store or one of another program', async () => {
  const { root, into, file } = await scene();
  const [damaged, foreign, bad] = [
    join(root, 'damaged'),
    join(root, 'other'),
    join(root, 'bad.jsonl'),
  ];
  await sstitchJson('generate', damaged, '--grants', '1');
  writeFileSync(join(damaged, 'CURRENT'), 'gen-000099\n');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'notes'), 'mine');
  writeFileSync(bad, 'nonsense');
  const context = {
    progress: { isShown: false, update: () => undefined },
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  const isCounted = async (path: string, store: string) => {
    const options = { into: store, zone: undefined, wait: 0 };
    const taken = await takeFile(context, { name: 'sync.jsonl', path }, options);
    return taken.outcome === 'failed' ? isFaultOfFile(taken.error) : taken;
  };
  expect(await isCounted(bad, into)).toBe(true);
  expect(await isCounted(file, damaged)).toBe(false);
  expect(await isCounted(file, foreign)).toBe(false);
});
