import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, Store } from '@sstitch/engine';
import { syntheticSyncId } from '@sstitch/testkit';
import { describe, expect, it, vi } from 'vitest';
import { sstitch, testDirectory } from '../test/in-process.js';
import { commandsOf } from './command-line/command-spec.js';
import { PROGRAM } from './commands/registry.js';
import type { Environment } from './terminal/io.js';

const SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';
const OTHER_SYNC = syntheticSyncId({ syncIndex: 0 });

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
    [['get', 'a', 'b', '--sync', SYNC, '--bucket', 'resource'], /not by 1 id /],
    [['levels', 'postgres://a/b/c'], /needs a store in a directory; this one is on a cluster/],
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

  it.each([
    [
      ['compact', '--base', 'nothing', '--from', 'fresh', '--all'],
      5,
      /compact --create` create stores$/,
    ],
    [
      ['compact', '--base', 'base', '--from', 'no.c1z', '--all'],
      5,
      /: the file does not exist: no.c1z/,
    ],
    [['stats', 'no.jsonl.gz'], 5, /: the file does not exist: no.jsonl.gz; check the path$/],
    [
      ['syncs', 'text'],
      4,
      /; a store is a directory, and the name of a file of syncs ends in \.c1z, /,
    ],
    [['levels', 'text'], 4, /text\); name the directory of a store$/],
    [['import', 'text', '--into', 'new'], 4, /; a store is a directory, .* ends in \.c1z, /],
    [['watch', 'text', '--into', 'base'], 4, /text is not a directory: name a directory$/],
    [
      ['scan', 'text/store'],
      5,
      /^sstitch: the store does not exist \(text\/store\); check the path/,
    ],
    [
      ['checkpoint', 'base', 'text/store'],
      1,
      /^sstitch: text is a file: name a directory, or a path/,
    ],
    [['generate', 'text/store', '--grants', '1'], 4, /^sstitch: text is a file: name a directory/],
    [['sst', 'dump', 'base'], 4, /base is not a file: name a file$/],
    [['checkpoint', 'base', 'base'], 1, /directory is not empty: name a new one \(base\)$/],
    [
      ['clone', 'base', '--sync', '@1', '--as', '@2'],
      1,
      /; choose another id, or replace .* --replace$/,
    ],
    [['rename', 'base', '--sync', '@1', '--as', OTHER_SYNC], 1, /exists; choose another id$/],
  ])('says in one line what is wrong and what to do: %j', async (commandLine, code, message) => {
    const directory = testDirectory();
    await sstitch(['generate', join(directory, 'base'), '--grants', '1', '--syncs', '2']);
    await sstitch(['generate', join(directory, 'fresh'), '--grants', '2']);
    writeFileSync(join(directory, 'text'), 'hello world\n');
    const paths = [
      'base',
      'fresh',
      'text',
      'text/store',
      'new',
      'nothing',
      'no.c1z',
      'no.jsonl.gz',
    ];
    const line = commandLine.map((word) => (paths.includes(word) ? join(directory, word) : word));
    const { exitCode, stderr } = await sstitch(line);
    const [first, ...rest] = stderr.replaceAll(`${directory}/`, '').split('\n');
    expect(first).toMatch(message);
    expect({ exitCode, rest }).toEqual({ exitCode: code, rest: [''] });
  });

  it('names TMPDIR if there can be no temporary directory', async () => {
    vi.stubEnv('TMPDIR', join(testDirectory(), 'nothing'));
    const { exitCode, stderr } = await sstitch(['demo', '--grants', '1', '--quiet']);
    vi.unstubAllEnvs();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/; set TMPDIR to a directory that this user can write to\n$/);
  });

  it('prints the error also as a JSON document on standard error with --json', async () => {
    const store = join(testDirectory(), 'nothing');
    const { exitCode, stdout, stderr } = await sstitch(['syncs', store, '--json']);
    expect(exitCode).toBe(5);
    expect(stdout).toBe('');
    const [line, document] = stderr.split('\n');
    const advice =
      'check the path; import, adopt, generate and `sstitch compact --create` create stores';
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

  it('does not say that the store is as it was if a signal and a failed fsync come together', async () => {
    const store = join(testDirectory(), 'store');
    await sstitch(['generate', store, '--grants', '1']);
    const interrupting = new AbortController();
    vi.spyOn(Store.prototype, 'excise').mockImplementation(async () => {
      interrupting.abort(new Error('SIGINT'));
      throw new EngineError('SSTITCH_STORE_POISONED', 'a file could not be fsynced');
    });
    const { signal } = interrupting;
    const dropped = await sstitch(['drop', store, '--sync', OTHER_SYNC, '--yes'], { signal });
    vi.restoreAllMocks();
    expect(dropped.stderr).toBe('sstitch: a file could not be fsynced\n');
    expect(dropped.exitCode).toBe(1);
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
