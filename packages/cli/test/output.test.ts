// Output that cannot be written: runs every command as a process on a full device and with a reader that has closed.
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, existsSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMAND_LINES, LOCAL_COMMAND_NAMES, makeScene } from './every-command.js';
import { testDirectory } from './in-process.js';
import { ended, MAIN, startMain, USER_ENVIRONMENT } from './process.js';

const FULL = '/dev/full';
/** A sync that no store holds. */
const ABSENT = '36zfOAoWMxQdISbixanQCRBiX7E';

let template: string;
let directory: string;

beforeAll(async () => {
  template = await makeScene();
  return () => rmSync(template, { recursive: true, force: true });
});

beforeEach(() => {
  directory = testDirectory();
  cpSync(template, directory, { recursive: true });
});

describe.each([...LOCAL_COMMAND_NAMES, '--help', '--version'])('%s', (name) => {
  const commandLine = () => COMMAND_LINES[name]?.(directory) ?? [name];

  it.skipIf(!existsSync(FULL))('exits with 1 if the device of its output is full', async () => {
    const full = openSync(FULL, 'w');
    try {
      const child = startMain(commandLine(), { cwd: directory, stdio: ['ignore', full, 'pipe'] });
      const { exitCode, stderr } = await ended(child);
      expect(stderr).toMatch(/^sstitch: cannot write to standard output: ENOSPC[^\n]*\n$/);
      expect(exitCode).toBe(1);
    } finally {
      closeSync(full);
    }
  });

  it('prints no error and exits with 0 if the reader has closed its output', async () => {
    const child = startMain(commandLine(), { cwd: directory });
    child.stdout?.destroy();
    const { exitCode, stderr } = await ended(child);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });
});

describe('a reader that has closed the output', () => {
  const closedEarly = (commandLine: readonly string[]) => {
    const child = startMain(commandLine, { cwd: directory });
    child.stdout?.destroy();
    return ended(child);
  };

  it('does not hide that some of several files were not imported', async () => {
    writeFileSync(join(directory, 'bad.jsonl'), 'nonsense');
    const files = ['bad.jsonl', 'worse.jsonl'];
    cpSync(join(directory, 'bad.jsonl'), join(directory, 'worse.jsonl'));
    const { exitCode, stderr } = await closedEarly(['import', ...files, '--into', 'new', '--json']);
    const [line, document] = stderr.split('\n');
    expect(line).toBe('sstitch: 2 of 2 files were not imported');
    expect(JSON.parse(document ?? '').error).toMatchObject({ code: 'SSTITCH_LINES_INVALID' });
    expect(exitCode).toBe(4);
  });

  it('does not hide a finding', async () => {
    const { exitCode, stderr } = await closedEarly(['digest', 'base', '--sync', ABSENT, '--json']);
    expect(stderr).toBe(`sstitch: base holds no sync ${ABSENT}\n`);
    expect(exitCode).toBe(3);
  });

  it('does not hide a difference, of which each is printed as it is found', async () => {
    const difference = [...(COMMAND_LINES['diff']?.(directory) ?? []), '--records'];
    expect((await closedEarly([...difference, '--exit-code'])).exitCode).toBe(1);
    expect(await closedEarly(difference)).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('a file as standard output', () => {
  // The limit causes a short write, as an almost full disk does, and an error only at the next write.
  const limited = (kib: number, commandLine: readonly string[]) =>
    spawnSync(
      'bash',
      ['-c', `ulimit -f ${kib}; exec "$0" "$@" > out`, process.execPath, MAIN, ...commandLine],
      { cwd: directory, encoding: 'utf8' },
    );

  it('that takes only a part of the last write makes the command fail', () => {
    const line = ['scan', 'base', '--limit', '2000', '--raw'];
    expect(limited(1024, line)).toMatchObject({ status: 0, stderr: '' });
    const size = statSync(join(directory, 'out')).size;
    expect(size).toBeGreaterThan(64 * 1024);
    const { status, stderr } = limited(64, line);
    expect(stderr).toMatch(/^sstitch: cannot write to standard output: EFBIG[^\n]*\n$/);
    expect(status).toBe(1);
  });
});

it('output passes unchanged through a pipe of a shell', () => {
  const line = `'${process.execPath}' '${MAIN}' syncs base 2>&1 | cat`;
  const options = { cwd: directory, encoding: 'utf8', env: USER_ENVIRONMENT } as const;
  const piped = spawnSync('sh', ['-c', line], options).stdout;
  expect(piped).toBe(spawnSync(process.execPath, [MAIN, 'syncs', 'base'], options).stdout);
  expect(piped).toMatch(/^SYNC .*\n(\w{27} .*\n){2}$/);
});
