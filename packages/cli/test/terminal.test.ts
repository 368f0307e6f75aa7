// Runs the program on a pseudo-terminal of util-linux's `script`: progress, and Ctrl-C from the keyboard.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestsOf, sstitchJson, testDirectory } from './in-process.js';
import { eventually, MAIN, USER_ENVIRONMENT } from './process.js';

/** More than any machine generates before the key is pressed. */
const MANY_GRANTS = '3000000';
const CTRL_C = '\u0003';
const CLEAR_LINE = '\r\u001b[2K';
const hasTerminals = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;

interface OnTerminal {
  readonly child: ChildProcess;
  /** What the terminal has shown so far. */
  readonly shown: () => string;
  readonly exitCode: Promise<number | null>;
}

function onTerminal(
  line: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd: string = process.cwd(),
): OnTerminal {
  const command = [process.execPath, MAIN, ...line].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd,
    env: { ...USER_ENVIRONMENT, TERM: 'xterm', COLUMNS: '100', ...env },
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  return {
    child,
    shown: () => shown,
    exitCode: once(child, 'close').then(([code]) => code as number | null),
  };
}

describe.skipIf(!hasTerminals)('on a terminal (skipped if `script` is not installed)', () => {
  it('progress is shown on one line, which is erased at the end', async () => {
    const store = join(testDirectory(), 'store');
    await sstitchJson('generate', store, '--grants', '20');
    const { shown, exitCode } = onTerminal(['verify', store]);
    expect(await exitCode).toBe(0);
    const [first, ...lines] = shown().split(CLEAR_LINE);
    expect(first).toBe('');
    expect(lines[0]).toMatch(/^checking +\d+ % \[[#.]{24}\] \d+ of \d+ tables/);
    expect(lines.at(-1)).toMatch(/^\S*ok\S*: \d+ tables, \d+ keys, 1 sync\r\n$/);
  });

  describe('a step that may be long has a bar, a count and a total', () => {
    let directory: string;
    const bar = (doing: string, unit: string) =>
      new RegExp(`${doing} +\\d+ % \\[[#.]{24}\\] [\\d,.]+( [KM]?B)? of [\\d,.]+ ${unit}`);

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'sstitch-cli-bars-'));
      const [store, file] = [join(directory, 'store'), join(directory, 'sync.c1z')];
      await sstitchJson('generate', store, '--grants', '2000');
      await sstitchJson('export', store, '--sync', 'latest', '--output', file);
      const older = join(directory, 'older.c1z');
      const format = ['--format', 'c1z1'];
      await sstitchJson('export', store, '--sync', 'latest', '--output', older, ...format);
      return () => rmSync(directory, { recursive: true, force: true });
    });

    it.each([
      ['generate', ['other', '--grants', '2000'], [bar('generating', 'keys')]],
      ['verify', ['store'], [bar('checking', 'tables'), bar('checking keys', '[KM]B')]],
      ['digest', ['store', '--sync', 'latest'], [bar('reading', 'keys')]],
      ['import', ['sync.c1z', '--into', 'a'], [bar('reading sync.c1z', 'records')]],
      [
        'import',
        ['older.c1z', '--into', 'b'],
        [
          bar('decoding older.c1z', '[KM]B'),
          /checking older.c1z/,
          bar('reading older.c1z', 'records'),
        ],
      ],
      [
        'export',
        ['store', '--sync', 'latest', '--output', 'c.c1z'],
        [bar('exporting', 'records'), bar('writing the file', 'entries')],
      ],
      [
        'export',
        ['store', '--sync', 'latest', '--output', 'd.c1z', '--format', 'c1z1'],
        [bar('indexing', 'indexes'), bar('writing the file', '[KM]B')],
      ],
      [
        'who',
        ['store', '--sync', 'latest', '--principal', 'no such name'],
        [bar('searching', 'resources')],
      ],
      ['clone', ['store', '--sync', 'latest', '--into', 'e'], [bar('copying', 'keys')]],
      [
        'expand',
        ['store', '--sync', 'latest'],
        [bar('reading grants', 'grants'), bar('writing', 'records'), /committing/],
      ],
    ])('in %s %j', async (command, words, shows) => {
      const { shown, exitCode } = onTerminal([command, ...words], {}, directory);
      expect(await exitCode).toBe(command === 'who' ? 1 : 0);
      for (const text of shows) expect(shown()).toMatch(text);
    });
  });

  it.each([
    ['--quiet', {}],
    ['--json', { TERM: 'dumb' }],
  ])('no progress is shown with %s %j', async (option, env) => {
    const store = join(testDirectory(), 'store');
    await sstitchJson('generate', store, '--grants', '20');
    const { shown, exitCode } = onTerminal(['verify', store, option], env);
    expect(await exitCode).toBe(0);
    expect(shown()).not.toContain('\u001b');
  });

  it('lines that a command prints as it reads are not mixed with its progress', async () => {
    const [before, after] = [join(testDirectory(), 'before'), join(testDirectory(), 'after')];
    await sstitchJson('generate', before, '--grants', '20');
    await sstitchJson('generate', after, '--grants', '20', '--revision', '2');
    const { shown, exitCode } = onTerminal(['diff', before, after, '--records']);
    expect(await exitCode).toBe(0);
    const lines = shown().split(CLEAR_LINE).at(-1)?.trim().split('\r\n') ?? [];
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('change');
  });

  it('Ctrl-C ends a command with 130, erases its progress, and leaves the store as it was', async () => {
    const store = join(testDirectory(), 'store');
    await sstitchJson('generate', store, '--grants', '20');
    const before = await digestsOf(store);
    const line = ['generate', store, '--grants', MANY_GRANTS, '--seed', '2'];
    const { child, shown, exitCode } = onTerminal(line);
    const staging = join(store, 'staging');
    await eventually(() => (existsSync(staging) ? readdirSync(staging)[0] : undefined));
    await eventually(() => (/generating +\d+ % \[/.test(shown()) ? true : undefined));
    child.stdin?.write(CTRL_C);
    expect(await exitCode).toBe(130);
    expect(shown().split(CLEAR_LINE).at(-1)).toBe(
      'sstitch: interrupted; the store is as it was\r\n',
    );
    expect(await digestsOf(store)).toEqual(before);
  });

  it('Ctrl-C at a question ends the command without a change', async () => {
    const store = join(testDirectory(), 'store');
    await sstitchJson('generate', store, '--grants', '20');
    const before = await digestsOf(store);
    const { child, shown, exitCode } = onTerminal(['drop', store, '--sync', 'latest']);
    await eventually(() => (shown().includes('[y/N]') ? true : undefined));
    child.stdin?.write(CTRL_C);
    expect(await exitCode).toBe(130);
    expect(await digestsOf(store)).toEqual(before);
  });
});
