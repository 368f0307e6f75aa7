// Kills commands as they work: what they leave is removed by the next run of the same command, or named by it. A store is
// then as it was before the command or as it is after it.
//
// SSTITCH_LONG=1 also kills those that change a store 20 times at random moments; SSTITCH_SEED chooses them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Store } from '@sstitch/engine';
import { seededRandom } from '@sstitch/testkit/torture';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FIRST, SECOND, THIRD } from './every-command.js';
import { digestsOf, sstitchJson } from './in-process.js';
import { ended, MAIN, startMain, USER_ENVIRONMENT } from './process.js';

const RANDOM_KILLS = process.env['SSTITCH_LONG'] === '1' ? 20 : 0;
const SEED = Number(process.env['SSTITCH_SEED'] ?? 20261130);
const GRANTS = '1500';

let template: string;
let scene: string;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'sstitch-killed-'));
  const path = (name: string) => join(template, name);
  await sstitchJson('generate', path('base'), '--grants', GRANTS, '--syncs', '2');
  await sstitchJson('generate', path('fresh'), '--grants', GRANTS, '--revision', '2');
  for (const name of ['full.jsonl', 'full.c1z']) {
    await sstitchJson('export', path('base'), '--sync', FIRST, '--output', path(name));
  }
  mkdirSync(path('out'));
  mkdirSync(path('tmp'));
});
afterAll(() => rmSync(template, { recursive: true, force: true }));

beforeEach(() => {
  scene = mkdtempSync(join(tmpdir(), 'sstitch-killed-scene-'));
  cpSync(template, scene, { recursive: true });
});
afterEach(() => rmSync(scene, { recursive: true, force: true }));

const options = () => ({ cwd: scene, env: { ...USER_ENVIRONMENT, TMPDIR: join(scene, 'tmp') } });

/** Runs a command to its end. */
function runMain(line: readonly string[]) {
  return ended(startMain(line, options()));
}

/** The names of all that is temporary, in the temporary directory, beside what is written, and in stores. */
function temporaries(): string[] {
  const found: string[] = [];
  const add = (directory: string, isTemporary: (name: string) => boolean) => {
    for (const name of namesIn(directory)) {
      if (isTemporary(name)) found.push(join(directory, name));
    }
  };
  add('tmp', () => true);
  add('out', (name) => name.startsWith('.'));
  for (const store of ['base', 'fresh', 'out/store']) {
    for (const directory of ['readers', 'staging']) add(join(store, directory), () => true);
    const generations = namesIn(store).filter((name) => name.startsWith('gen-'));
    for (const name of generations.sort().slice(0, -1)) found.push(join(store, name));
  }
  return found;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(join(scene, directory));
  } catch {
    // It is not there yet, or no longer.
    return [];
  }
}

/** Starts a command, and kills its process group once `isTime` returns true, unless it has ended. */
async function kill(line: readonly string[], isTime: () => boolean): Promise<void> {
  const child = spawn(process.execPath, [MAIN, ...line], {
    ...options(),
    stdio: 'ignore',
    detached: true,
  });
  const exited = once(child, 'exit');
  const pid = child.pid as number;
  while (child.exitCode === null && child.signalCode === null && !isTime()) await sleep(1);
  if (child.exitCode === null && child.signalCode === null) {
    process.kill(-pid, 'SIGKILL');
  }
  await exited;
  if (child.signalCode === null && child.exitCode !== 0) {
    throw new Error(`${line.join(' ')}: exit code ${child.exitCode}`);
  }
}

/** Command lines, and what each leaves if it is killed once that is there. */
const READING: ReadonlyArray<readonly [name: string, line: readonly string[], left: RegExp]> = [
  ['digest', ['digest', 'base', '--sync', FIRST], /^base\/readers\/[0-9a-f]{8}-\d+-\w+$/],
  ['verify', ['verify', 'base'], /^base\/readers\/[0-9a-f]{8}-\d+-\w+$/],
  ['diff of files', ['diff', 'full.jsonl', 'full.c1z', '--sync', FIRST], /^tmp\/sstitch-syncs-/],
  ['export to .jsonl', exportTo('made.jsonl'), /^out\/\.sstitch-/],
  ['export to .csv.gz', exportTo('made.csv.gz'), /^out\/\.sstitch-/],
  // The process that writes the file removes it.
  ['export to .c1z', exportTo('made.c1z'), /^base\/readers\//],
  ['export to .c1z.gz', exportTo('made.c1z.gz'), /^tmp\/sstitch-export-/],
  ['import', ['import', 'full.jsonl', '--into', 'out/store'], /^tmp\/sstitch-import-/],
  ['import of .c1z', ['import', 'full.c1z', '--into', 'base'], /^base\/staging\//],
  [
    'merge of files',
    // It may have committed before it is killed.
    ['merge', 'full.jsonl', 'full.c1z', '--into', 'out/store', '--as', THIRD, '--replace'],
    /^tmp\/sstitch-syncs-/,
  ],
];

function exportTo(name: string): string[] {
  return ['export', 'base', '--sync', FIRST, '--output', `out/${name}`];
}

describe.each(READING)('%s, killed', (_name, line, pattern) => {
  it('leaves what the next run removes', async () => {
    const before = await digestsOf(join(scene, 'base'));
    const isThere = () => temporaries().some((path) => pattern.test(path));
    // It may end, or remove what it made, right before it is killed.
    while (!isThere()) await kill(line, isThere);
    const { exitCode, stderr } = await runMain(line);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    // The process that wrote a .c1z file may still be removing it.
    await expect.poll(temporaries).toEqual([]);
    expect(await digestsOf(join(scene, 'base'))).toEqual(before);
  });
});

const CHANGING: ReadonlyArray<readonly [name: string, line: readonly string[]]> = [
  ['compact', ['compact', '--base', 'base', '--from', 'fresh', '--all']],
  ['drop', ['drop', 'base', '--sync', SECOND, '--yes']],
];

describe.each(CHANGING)('%s, killed', (_name, line) => {
  it('leaves the store as before or after it, and nothing once it has run', async () => {
    const before = await digestsOf(join(scene, 'base'));
    expect((await runMain(line)).exitCode).toBe(0);
    const after = await digestsOf(join(scene, 'base'));
    expect(after).not.toEqual(before);

    const random = seededRandom(SEED);
    for (let round = 0; round <= RANDOM_KILLS; round++) {
      rmSync(scene, { recursive: true });
      cpSync(template, scene, { recursive: true });
      const endMs = performance.now() + random() * 2000;
      await kill(line, () => (round === 0 ? temporaries().length > 0 : performance.now() > endMs));
      expect((await runMain(['verify', 'base'])).exitCode).toBe(0);
      const held = await digestsOf(join(scene, 'base'));
      expect([before, after]).toContainEqual(held);
      if (isDeepStrictEqual(held, before)) {
        expect((await runMain(line)).exitCode).toBe(0);
        expect(await digestsOf(join(scene, 'base'))).toEqual(after);
      } else {
        // It was killed after the commit: what is left is removed by the next process that writes.
        const store = new Store(join(scene, 'base'));
        await store.open();
        await store.close();
      }
      expect(temporaries()).toEqual([]);
    }
  });
});

it.each(['store', 'pebble'])(
  'a checkpoint of format %s, killed, is named by the next one',
  async (format) => {
    const line = ['checkpoint', 'base', 'out/copy', '--format', format];
    const isUnfinished = () => {
      const names = namesIn('out/copy');
      return names.length > 0 && (!names.includes('CURRENT') || names.includes('building'));
    };
    while (!isUnfinished()) {
      rmSync(join(scene, 'out/copy'), { recursive: true, force: true });
      await kill(line, isUnfinished);
    }
    const refused = await runMain(line);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(
      /^sstitch: the target directory is not empty: \S+ is of a copy that .* never finished; if no process makes it, remove the directory \(out\/copy\)\n$/,
    );
    rmSync(join(scene, 'out/copy'), { recursive: true });
    expect((await runMain(line)).exitCode).toBe(0);
    expect(temporaries()).toEqual([]);
  },
);
