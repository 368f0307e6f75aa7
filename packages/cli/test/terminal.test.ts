// Runs the program on a pseudo-terminal of util-linux's `script`: progress, and Ctrl-C from the keyboard.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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

function onTerminal(line: readonly string[], env: NodeJS.ProcessEnv = {}): OnTerminal {
  const command = [process.execPath, MAIN, ...line].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
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
