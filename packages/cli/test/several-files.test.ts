// Commands that read several files of syncs, of different formats.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineError, Store } from '@sstitch/engine';
import { syntheticSyncId } from '@sstitch/testkit';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { Interruption } from '../src/terminal/io.js';
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

afterEach(() => {
  vi.restoreAllMocks();
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

/** Makes the next commit of a load one of which it is unknown whether it took effect. */
function failNextCommit(onCommit: () => void = () => undefined): void {
  vi.spyOn(Store.prototype, 'ingestAndExcise').mockImplementationOnce(async () => {
    onCommit();
    throw new EngineError('SSTITCH_STORE_POISONED', 'a file could not be fsynced');
  });
}

it('import does not say that a file was not imported if its commit may have taken effect', async () => {
  const store = join(testDirectory(), 'store');
  await sstitchJson('generate', store, '--grants', '1', '--seed', '7');
  failNextCommit();
  expect(await sstitch(['import', lines, c1z, '--into', store, '--quiet'])).toEqual({
    exitCode: 1,
    stdout: `perhaps imported: ${lines}: a file could not be fsynced\n`,
    stderr: 'sstitch: 1 of 2 files may not have been imported\n',
  });
});

it('import says so when a signal ends it later, too', async () => {
  const store = join(testDirectory(), 'store');
  await sstitchJson('generate', store, '--grants', '1', '--seed', '7');
  const interrupting = new AbortController();
  failNextCommit();
  vi.mocked(Store.prototype.ingestAndExcise).mockImplementationOnce(async () => {
    interrupting.abort(new Interruption('SIGINT'));
    throw new EngineError('SSTITCH_ABORTED', 'aborted');
  });
  const line = ['import', lines, c1z, '--into', store];
  expect(await sstitch(line, { signal: interrupting.signal })).toMatchObject({
    exitCode: 130,
    stderr:
      'sstitch: interrupted; 0 of 2 files were imported, each in one commit, and 1 more may have been\n',
  });
});

it('watch says that a commit may have taken effect, also when a signal ends it meanwhile', async () => {
  const directory = testDirectory();
  const [incoming, store] = [join(directory, 'incoming'), join(directory, 'store')];
  await sstitchJson('generate', store, '--grants', '1', '--seed', '7');
  mkdirSync(incoming);
  cpSync(lines, join(incoming, 'sync.jsonl'));
  const interrupting = new AbortController();
  failNextCommit(() => interrupting.abort(new Interruption('SIGTERM')));
  const line = ['watch', incoming, '--into', store, '--interval', '1'];
  expect(await sstitch(line, { signal: interrupting.signal })).toEqual({
    exitCode: 143,
    stdout: `perhaps imported: ${join(incoming, 'sync.jsonl')}: a file could not be fsynced\n`,
    stderr: '',
  });
});

it('import prints the name of a file on one line, whatever it holds', async () => {
  const directory = testDirectory();
  const name = 'x\n\u001b[32mdone\u001b[39m.jsonl';
  mkdirSync(join(directory, 'files'));
  cpSync(lines, join(directory, 'files', name));
  cpSync(c1z, join(directory, 'files', '2.c1z'));
  const line = ['import', join(directory, 'files'), '--into', join(directory, 'store'), '--quiet'];
  const { stdout } = await sstitch(line.slice(0, -1), { columns: 500 });
  expect(stdout.split('\n')).toHaveLength(5);
  expect(stdout).toContain('x\\u000a\\u001b[32mdone\\u001b[39m.jsonl');
  writeFileSync(join(directory, 'files', name), 'nonsense');
  expect((await sstitch(line)).stdout).toMatch(/^not imported: [^\n]*\\u000a\\u001b\[32m[^\n]*\n$/);
});
