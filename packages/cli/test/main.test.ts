// The built program as a process of its own.
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

  it('plays the demo as one JSON document, all checks held', async () => {
    const { exitCode, stdout, stderr } = await spawnMain('demo', '--grants', '200', '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, verify: { ok: true } });
  });

  it('ends wrong usage with its exit code', async () => {
    const { exitCode, stdout, stderr } = await spawnMain('frobnicate');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^sstitch: unknown command/);
  });
});
