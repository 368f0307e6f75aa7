import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticSyncId } from '@sstitch/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson, testDirectory } from '../../../test/in-process.js';

const [FIRST, SECOND] = [0, 1].map((syncIndex) => syntheticSyncId({ syncIndex })) as [
  string,
  string,
];

let template: string;
let store: string;
let before: Record<string, string>;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-cli-drop-'));
  await sstitchJson('generate', template, '--grants', '50', '--syncs', '2');
  before = await digestsOf(template);
  return () => rmSync(template, { recursive: true, force: true });
});

beforeEach(() => {
  store = join(testDirectory(), 'store');
  cpSync(template, store, { recursive: true });
});

describe('drop', () => {
  it('removes the sync, and no other, with --yes', async () => {
    const document = await sstitchJson('drop', store, '--sync', FIRST, '--yes');
    expect(document).toMatchObject({
      syncs: [FIRST],
      strategy: 'excise',
      generation: expect.any(Number),
      durationMs: expect.any(Number),
      pauseMs: expect.any(Number),
    });
    expect(await digestsOf(store)).toEqual({ [SECOND]: before[SECOND] });
  });

  it('asks on a terminal, and removes nothing if the answer is no', async () => {
    const line = ['drop', store, '--sync', FIRST];
    const declined = await sstitch(line, { answers: ['n'] });
    expect(declined.exitCode).toBe(1);
    expect(declined.stderr).toContain(`Remove sync ${FIRST} from ${store}? [y/N]`);
    expect(await digestsOf(store)).toEqual(before);
    expect((await sstitch(line, { answers: ['y'] })).exitCode).toBe(0);
    expect(Object.keys(await digestsOf(store))).toEqual([SECOND]);
  });

  it('requires --yes if there is no terminal to ask on', async () => {
    const { exitCode, stderr } = await sstitch(['drop', store, '--sync', FIRST]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--yes');
  });

  it('exits with 3 if the store does not hold the sync', async () => {
    const absent = syntheticSyncId({ seed: 99 });
    const { exitCode } = await sstitch(['drop', store, '--sync', `${FIRST},${absent}`, '--yes']);
    expect(exitCode).toBe(3);
    expect(await digestsOf(store)).toEqual(before);
  });
});
