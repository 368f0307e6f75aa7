import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sstitch, testDirectory } from '../test/in-process.js';
import { commandsOf } from './command-line/command-spec.js';
import { PROGRAM } from './commands/registry.js';
import type { Environment } from './terminal/io.js';

const SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';

describe('the command line', () => {
  it('shows help on request with exit code 0, and with 2 if the command is missing', async () => {
    const asked = await sstitch(['--help']);
    expect(asked.exitCode).toBe(0);
    expect(asked.stdout).toContain('compact');
    expect(asked.stderr).toBe('');
    const missing = await sstitch([]);
    expect(missing.exitCode).toBe(2);
    expect(missing.stdout).toBe('');
    expect(missing.stderr).toContain('Usage: sstitch');
  });

  it('takes help and version as commands, too', async () => {
    for (const [words, same] of [
      [['help'], ['--help']],
      [
        ['help', 'who'],
        ['who', '--help'],
      ],
      [
        ['help', 'sst', 'dump'],
        ['sst', 'dump', '--help'],
      ],
      [['version'], ['--version']],
    ] as const) {
      expect(await sstitch(words)).toEqual(await sstitch(same));
    }
    expect((await sstitch(['help', 'nothing'])).stderr).toMatch(/unknown command 'nothing'/);
  });

  it('shows examples in the help of every command, in lines of at most 80 characters', async () => {
    const names = [...(await sstitch(['--help'])).stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(
      ([, name]) => name ?? '',
    );
    expect(names.length).toBe(
      new Set(commandsOf(PROGRAM).map(({ name }) => name.split(' ')[0])).size,
    );
    for (const name of names) {
      const { exitCode, stdout } = await sstitch([name, '--help']);
      expect(exitCode).toBe(0);
      expect(stdout).toContain('Examples:\n  $ sstitch ');
      expect(stdout).toContain('--json');
      const longest = Math.max(...stdout.split('\n').map((line) => line.length));
      expect(longest, name).toBeLessThanOrEqual(80);
    }
  });

  it.each([
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['syncs'], /missing required argument 'store'/],
    [['syncs', 'a', 'b'], /too many arguments/],
    [['syncs', 'a', '--wrong'], /unknown option '--wrong'/],
    [['compact', '--bas', 'a'], /unknown option '--bas' \(Did you mean one of --as, --base\?\)/],
    [['compact', '--from', 'b'], /required option '--base <store>' not specified/],
    [['compact', '--base', 'a', '--from', 'b'], /'--sync <syncs>' not specified/],
    [['digest', 'a', '--sync', 'x y'], /"x y" does not name a sync/],
    [['compact', '--base', 'a', '--from', 'b', '--sync', `${SYNC},${SYNC}`], /given twice/],
    [['generate', 'a', '--grants', '-1'], /not an integer/],
    [
      ['compact', '--base', 'a', '--from', 'b', '--sync', SYNC, '--strategy', 'x'],
      /--strategy: "x" is not one of auto, link/,
    ],
    [['get', 'a'], /--sync and --bucket, or --key/],
    [['get', 'a', '--key', 'xyz'], /not bytes in hex/],
  ])('exits with 2 and one line on wrong usage: %j', async (commandLine, message) => {
    const { exitCode, stdout, stderr } = await sstitch(commandLine);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^sstitch: [^\n]*\n$/);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  it.each([
    ['checkpoint', '', 'copy'],
    ['syncs', ''],
  ])('exits with 2 if the path of a store is empty: %s', async (...args) => {
    const { exitCode, stderr } = await sstitch(args);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2 });
    expect(stderr).toContain('the path of the store is empty');
  });

  it('exits with 5 if there is no store, and creates none', async () => {
    const store = join(testDirectory(), 'nothing');
    for (const commandLine of [
      ['syncs', store],
      ['levels', store],
      ['verify', store],
      ['digest', store, '--sync', SYNC],
      ['drop', store, '--sync', SYNC, '--yes'],
      ['compact', '--base', store, '--from', store, '--sync', SYNC],
      ['checkpoint', store, `${store}-copy`],
    ]) {
      const { exitCode, stdout, stderr } = await sstitch(commandLine);
      expect({ commandLine, exitCode, stdout }).toEqual({ commandLine, exitCode: 5, stdout: '' });
      expect(stderr).toMatch(/^sstitch: the store does not exist \([^\n]*\n$/);
    }
  });

  it('prints the error also as a JSON document on standard error with --json', async () => {
    const store = join(testDirectory(), 'nothing');
    const { exitCode, stdout, stderr } = await sstitch(['syncs', store, '--json']);
    expect(exitCode).toBe(5);
    expect(stdout).toBe('');
    const [line, document] = stderr.split('\n');
    const advice = 'check the path; import, adopt and generate create stores';
    expect(line).toBe(`sstitch: the store does not exist (${store}); ${advice}`);
    expect(JSON.parse(document ?? '')).toEqual({
      error: {
        code: 'SSTITCH_STORE_NOT_FOUND',
        message: `the store does not exist (${store}); ${advice}`,
        exitCode: 5,
        path: store,
      },
    });
  });

  it('shows stacks and causes only with SSTITCH_DEBUG=1', async () => {
    const store = join(testDirectory(), 'nothing');
    const plain = await sstitch(['syncs', store]);
    expect(plain.stderr).not.toContain('    at ');
    const debug = await sstitch(['syncs', store], { env: { SSTITCH_DEBUG: '1' } });
    expect(debug.stderr).toContain('    at ');
    expect(debug.stderr).toContain('caused by ');
  });

  it('uses colours on a terminal, unless NO_COLOR or FORCE_COLOR say otherwise', async () => {
    const store = join(testDirectory(), 'store');
    const commandLine = ['generate', store, '--grants', '1', '--replace'];
    const colour = '\u001b[';
    expect((await sstitch(commandLine, { isTerminal: true })).stdout).toContain(colour);
    expect((await sstitch(commandLine)).stdout).not.toContain(colour);
    const coloured = async (isTerminal: boolean, env: Environment) =>
      (await sstitch(commandLine, { isTerminal, env })).stdout.includes(colour);
    expect(await coloured(true, { NO_COLOR: '1' })).toBe(false);
    expect(await coloured(true, { TERM: 'dumb' })).toBe(false);
    expect(await coloured(false, { FORCE_COLOR: '1' })).toBe(true);
    expect(await coloured(true, { FORCE_COLOR: '0' })).toBe(false);
    expect(await coloured(true, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false);
  });
});
