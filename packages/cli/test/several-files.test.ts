// Commands that read several files of syncs, of different formats.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson, testDirectory } from './in-process.js';

const [FIRST, SECOND] = [syntheticSyncId({}), syntheticSyncId({ syncIndex: 1 })];
/** Both ids begin with it. */
const PREFIX = '36y';

let files: string;
/** Of the first sync. */
let lines: string;
/** Of the second. */
let c1z: string;
let both: string;
let digests: Record<string, string>;

beforeAll(async () => {
  files = mkdtempSync(join(tmpdir(), 'sstitch-cli-several-'));
  lines = join(files, '1.jsonl');
  c1z = join(files, '2.c1z');
  both = join(files, '3.jsonl');
  const store = join(files, 'store');
  await sstitchJson('generate', store, '--grants', '20', '--syncs', '2');
  await sstitchJson('export', store, '--sync', FIRST, '--output', lines);
  await sstitchJson('export', store, '--sync', SECOND, '--output', c1z);
  await sstitchJson('export', store, '--sync', `${FIRST},${SECOND}`, '--output', both);
  digests = await digestsOf(store);
  return () => rmSync(files, { recursive: true, force: true });
});

it.each([
  ['import', '--into'],
  ['merge', '--into'],
  ['diff', undefined],
])('%s takes --zone for the .c1z files among them', async (command, into) => {
  const store = join(testDirectory(), 'store');
  const where = into === undefined ? [] : [into, store];
  await sstitchJson(command, lines, c1z, ...where, '--zone', 'Europe/Berlin');
  if (command === 'import') expect(await digestsOf(store)).toEqual(digests);
});

it('import does not exit with the code of wrong usage, after which nothing is touched, once a file is imported', async () => {
  const store = join(testDirectory(), 'store');
  const line = ['import', both, lines, '--sync', PREFIX, '--into', store, '--json'];
  const { exitCode, stdout, stderr } = await sstitch(line);
  expect(JSON.parse(stdout)).toMatchObject({
    syncs: [{ syncId: FIRST }],
    failed: [{ file: both, error: { code: 'SSTITCH_USAGE' } }],
  });
  const message = '1 of 2 files was not imported';
  const error = { code: 'SSTITCH_USAGE', message, exitCode: 1 };
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: `sstitch: ${message}\n${JSON.stringify({ error })}\n`,
  });
  const none = ['import', both, both, '--sync', PREFIX, '--into', `${store}-2`];
  expect((await sstitch(none)).exitCode).toBe(2);
});
