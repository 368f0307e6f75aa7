import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testDirectory } from '../../../test/in-process.js';
import { SettledFiles } from './settled-files.js';

function watched(): { directory: string; files: SettledFiles; look: (nowMs?: number) => string[] } {
  const directory = testDirectory();
  const files = new SettledFiles(directory, 1000);
  const look = (nowMs = 0) => files.look(nowMs).map(({ name }) => name);
  return { directory, files, look };
}

test('returns a file once, when it has not changed since the last check', () => {
  const { directory, look } = watched();
  const path = join(directory, 'sync.c1z');
  writeFileSync(path, 'half');
  expect(look()).toEqual([]);
  appendFileSync(path, ' and more');
  expect(look()).toEqual([]);
  expect(look()).toEqual(['sync.c1z']);
  expect(look()).toEqual([]);
});

test('returns a file again when it has changed, or has disappeared and reappeared', () => {
  const { directory, look } = watched();
  const path = join(directory, 'sync.jsonl.gz');
  writeFileSync(path, 'one');
  look();
  expect(look()).toEqual(['sync.jsonl.gz']);
  writeFileSync(path, 'another');
  expect(look()).toEqual([]);
  expect(look()).toEqual(['sync.jsonl.gz']);
  rmSync(path);
  look();
  writeFileSync(path, 'another');
  expect(look()).toEqual([]);
  expect(look()).toEqual(['sync.jsonl.gz']);
});

test('ignores hidden files, directories and files of other kinds', () => {
  const { directory, look } = watched();
  for (const name of ['.sync.c1z', 'notes.txt', 'sync.c1z.tmp']) {
    writeFileSync(join(directory, name), '');
  }
  mkdirSync(join(directory, 'archive.c1z'));
  look();
  expect(look()).toEqual([]);
});

test('skips links that lead nowhere', () => {
  const { directory, look } = watched();
  symlinkSync('loop.c1z', join(directory, 'loop.c1z'));
  symlinkSync('missing', join(directory, 'missing.c1z'));
  writeFileSync(join(directory, 'sync.c1z'), 'whole');
  look();
  expect(look()).toEqual(['sync.c1z']);
});

test('returns an unreadable file again, later each time, and not forever', () => {
  const { directory, files } = watched();
  writeFileSync(join(directory, 'sync.c1z'), 'bad');
  files.look(0);
  let now = 0;
  const waits: number[] = [];
  for (;;) {
    let found = files.look(now);
    const from = now;
    while (found.length === 0) {
      now += 1000;
      found = files.look(now);
    }
    waits.push(now - from);
    const [file] = found;
    if (file === undefined || !files.retry(file, now, true)) break;
  }
  expect(waits).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
  expect(files.look(now + 1_000_000)).toEqual([]);
  writeFileSync(join(directory, 'sync.c1z'), 'mended');
  files.look(now);
  expect(files.look(now)).toMatchObject([{ name: 'sync.c1z' }]);
});

test('returns a file again as long as nothing is wrong with the file itself', () => {
  const { directory, files } = watched();
  writeFileSync(join(directory, 'sync.c1z'), 'sound');
  files.look(0);
  let now = 0;
  /** Tries the file once more. Returns whether it is tried again after that. */
  const isRetried = (isFault: boolean) => {
    const [file] = files.look(now);
    now += 60_000;
    return file && files.retry(file, now - 60_000, isFault);
  };
  for (let attempts = 0; attempts < 100; attempts++) expect(isRetried(false)).toBe(true);
  // Only attempts that found something wrong with the file count against it.
  for (let attempts = 0; attempts < 7; attempts++) expect(isRetried(true)).toBe(true);
  expect(isRetried(true)).toBe(false);
});
