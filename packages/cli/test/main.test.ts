// Runs the built program as a process.
import { describe, expect, it } from 'vitest';
import { VERSION } from '../src/version.js';
import { ended, startMain } from './process.js';

const spawnMain = (...commandLine: string[]) => ended(startMain(commandLine));

describe('dist/main.js', () => {
  it('prints its version', async () => {
    expect(await spawnMain('--version')).toEqual({
      exitCode: 0,
      stdout: `${VERSION}\n`,
      stderr: '',
    });
  });

  it('runs the demo and prints one JSON document in which all checks passed', async () => {
    const { exitCode, stdout, stderr } = await spawnMain('demo', '--grants', '200', '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, verify: { ok: true } });
  });

  it('exits with the code of wrong usage', async () => {
    const { exitCode, stdout, stderr } = await spawnMain('frobnicate');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^sstitch: unknown command/);
  });
});
