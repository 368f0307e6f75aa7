import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeTemporaryDirectory, removeTemporary, temporaryFileIn } from './temporary-files.js';

const PREFIX = 'sstitch-test-';
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-temporary-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The id of a process that runs, and its end. */
async function otherProcess() {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  return {
    pid: String(child.pid),
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

it('the file of a running process stays; that of a killed one is removed with the next', async () => {
  const other = await otherProcess();
  const mine = temporaryFileIn(directory);
  const theirs = mine.replace(`-${process.pid}-`, `-${other.pid}-`);
  expect(theirs).not.toBe(mine);
  for (const path of [mine, theirs]) writeFileSync(path, 'half');
  const names = () => readdirSync(directory).map((name) => join(directory, name));

  await removeTemporary(temporaryFileIn(directory));
  expect(names().sort()).toEqual([mine, theirs].sort());
  await other.kill();
  await removeTemporary(temporaryFileIn(directory));
  expect(names()).toEqual([mine]);
  await removeTemporary(mine);
  expect(names()).toEqual([]);
});

it('the directory of a running process stays; that of a killed one is removed with the next', async () => {
  const other = await otherProcess();
  const make = () => makeTemporaryDirectory(PREFIX, directory);
  const mine = await make();
  const theirs = mine.replace(`-${process.pid}-`, `-${other.pid}-`);
  mkdirSync(join(theirs, 'full'), { recursive: true });
  await removeTemporary(await make());
  expect(readdirSync(directory)).toHaveLength(2);
  await other.kill();
  await removeTemporary(await make());
  expect(readdirSync(directory)).toEqual([mine.slice(directory.length + 1)]);
  await removeTemporary(mine);
});

it('what another host or another program left stays', async () => {
  const foreign = ['.sstitch-00000000-999999999-0a0b0c0d.tmp', '.out.tmp', 'sstitch-test-x'];
  for (const name of foreign) writeFileSync(join(directory, name), '');
  await removeTemporary(temporaryFileIn(directory));
  await removeTemporary(await makeTemporaryDirectory(PREFIX, directory));
  expect(readdirSync(directory).sort()).toEqual(foreign.sort());
});

it('a directory that cannot be made is one error, which names its parent', async () => {
  const parent = join(directory, 'missing');
  await expect(makeTemporaryDirectory(PREFIX, parent)).rejects.toMatchObject({
    code: 'SSTITCH_FILE_OPERATION',
    path: parent,
    cause: { code: 'ENOENT' },
  });
});

it('a path in a directory that is a file is removed like any other, and no longer kept for the exit', async () => {
  const listeners = process.listenerCount('exit');
  writeFileSync(join(directory, 'file'), '');
  await removeTemporary(temporaryFileIn(join(directory, 'file')));
  expect(process.listenerCount('exit')).toBe(listeners);
  expect(readdirSync(directory)).toEqual(['file']);
});

it('a file that cannot be removed when the process exits does not keep the others', async () => {
  const before = process.listeners('exit');
  // A path that no file system takes.
  temporaryFileIn(join(directory, 'a\0b'));
  await makeTemporaryDirectory(PREFIX, directory);
  const [removeLeft] = process.listeners('exit').filter((listener) => !before.includes(listener));
  removeLeft?.call(process, 0);
  expect(readdirSync(directory)).toEqual([]);
});
