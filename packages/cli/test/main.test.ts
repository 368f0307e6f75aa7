// Runs the built program as a process.
import { readFileSync } from 'node:fs';
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

it('is installed with the very version of @sstitch/c1z that it bundles, whose processes it starts', () => {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  // pnpm publishes `workspace:^` as a range of versions, and `workspace:*` as the version.
  expect(JSON.parse(manifest).dependencies['@sstitch/c1z']).toBe('workspace:*');
});
