// Signals, and the end of input while a question is asked.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askOn } from '../src/terminal/process-io.js';
import { digestsOf, sstitch, sstitchJson, testDirectory } from './in-process.js';
import { ended, eventually, startMain } from './process.js';

/** More than any machine generates before the signal arrives. */
const MANY_GRANTS = '3000000';

describe.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s', (signal, exitCode) => {
  it(`ends a command with ${exitCode}, and removes its temporary directory`, async () => {
    const TMPDIR = testDirectory();
    const child = startMain(['demo', '--grants', MANY_GRANTS], { env: { TMPDIR } });
    const end = ended(child);
    await eventually(() => readdirSync(TMPDIR)[0]);
    child.kill(signal);
    expect(await end).toMatchObject({
      exitCode,
      stderr: 'sstitch: interrupted; the store is as it was\n',
    });
    expect(readdirSync(TMPDIR)).toEqual([]);
  });

  it('ends the command at once if it is repeated, and still removes its temporary directory', async () => {
    const TMPDIR = testDirectory();
    const child = startMain(['demo', '--grants', MANY_GRANTS], { env: { TMPDIR } });
    const end = ended(child);
    await eventually(() => readdirSync(TMPDIR)[0]);
    // Pending signals of a kind merge into one, so it is sent until two have arrived.
    const again = setInterval(() => child.kill(signal), 1);
    const { exitCode: code } = await end;
    clearInterval(again);
    // A signal that arrives while Node.js ends, after the process has cleaned up, ends it as one without a handler:
    // a shell reports the same code.
    expect(child.signalCode ?? code).toBe(child.signalCode === null ? exitCode : signal);
    expect(readdirSync(TMPDIR)).toEqual([]);
  });

  it.for(['standard input', 'a pipe without a writer'])(
    'ends an import that waits for %s',
    async (input, { skip }) => {
      const directory = testDirectory();
      const TMPDIR = testDirectory();
      const pipe = join(directory, 'pipe');
      if (spawnSync('mkfifo', [pipe]).status !== 0) skip('there is no mkfifo here');
      const file = input === 'standard input' ? '-' : pipe;
      const child = startMain(['import', file, '--into', join(directory, 'store')], {
        env: { TMPDIR },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const end = ended(child);
      await eventually(() => readdirSync(TMPDIR).find((name) => name.startsWith('sstitch-input-')));
      child.kill(signal);
      expect(await end).toEqual({
        ...{ exitCode, stdout: '', stderr: 'sstitch: interrupted; the store is as it was\n' },
      });
      expect(readdirSync(TMPDIR)).toEqual([]);
    },
  );

  it('leaves no store where there was none', async () => {
    const store = join(testDirectory(), 'store');
    const child = startMain(['generate', store, '--grants', MANY_GRANTS]);
    const end = ended(child);
    const staging = join(store, 'staging');
    await eventually(() => (existsSync(staging) ? readdirSync(staging)[0] : undefined));
    child.kill(signal);
    expect((await end).exitCode).toBe(exitCode);
    expect(existsSync(store)).toBe(false);
  });

  it('leaves a store as it was', async () => {
    const directory = testDirectory();
    const store = join(directory, 'store');
    await sstitchJson('generate', store, '--grants', '20');
    const before = await digestsOf(store);
    const child = startMain(['generate', store, '--grants', MANY_GRANTS, '--seed', '2']);
    const end = ended(child);
    const staging = join(store, 'staging');
    await eventually(() => (existsSync(staging) ? readdirSync(staging)[0] : undefined));
    child.kill(signal);
    expect((await end).exitCode).toBe(exitCode);
    expect(await digestsOf(store)).toEqual(before);
  });
});

describe('a signal after the result', () => {
  it('does not end the process, whose exit code is that of the result', async () => {
    const store = join(testDirectory(), 'store');
    await sstitchJson('generate', store, '--grants', '20', '--syncs', '2');
    const child = startMain(['prune', store, '--keep', '1', '--yes']);
    const end = ended(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    let isOver = false;
    // Until the process is gone, so that a signal arrives in every part of its exit.
    const again = () => {
      child.kill('SIGINT');
      if (!isOver) setImmediate(again);
    };
    again();
    const { exitCode, stdout } = await end;
    isOver = true;
    expect(exitCode).toBe(0);
    expect(stdout).toContain('1 sync removed');
    expect(Object.keys(await digestsOf(store))).toHaveLength(1);
  });
});

describe('a command of several commits', () => {
  it('says which commits were made when it is interrupted', async () => {
    const store = join(testDirectory(), 'store');
    const interrupt = new AbortController();
    const line = ['generate', store, '--grants', '200', '--syncs', '1000'];
    const generating = sstitch(line, { signal: interrupt.signal });
    const current = join(store, 'CURRENT');
    await eventually(() => {
      const isCommitted = existsSync(current) && !/gen-0*1\b/.test(readFileSync(current, 'latin1'));
      return isCommitted ? true : undefined;
    });
    interrupt.abort();
    const { exitCode, stderr } = await generating;
    expect(exitCode).toBe(130);
    const [, made] =
      /interrupted; the store holds the first (\d+) of 1000 syncs/.exec(stderr) ?? [];
    expect(Object.keys(await digestsOf(store))).toHaveLength(Number(made));
  });
});

describe('a question', () => {
  const ask = (input: PassThrough, signal = new AbortController().signal) =>
    askOn(input, new PassThrough(), 'Sure? ', signal, () => undefined);

  it('accepts an answer', async () => {
    const input = new PassThrough();
    const answer = ask(input);
    input.write('y\n');
    expect(await answer).toBe('y');
  });

  it('treats the end of input as an empty answer, which means no', async () => {
    const input = new PassThrough();
    const answer = ask(input);
    input.end();
    expect(await answer).toBe('');
  });

  it('ends when the signal fires', async () => {
    const interrupt = new AbortController();
    const answer = ask(new PassThrough(), interrupt.signal);
    interrupt.abort();
    await expect(answer).rejects.toThrow();
  });
});
