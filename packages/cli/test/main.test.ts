// The built program as a process of its own.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../src/version.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function spawnMain(...commandLine: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...commandLine], (error, stdout, stderr) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

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

  it('gives wrong usage its exit code', async () => {
    const { exitCode, stdout, stderr } = await spawnMain('frobnicate');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^sstitch: unknown command/);
  });
});
