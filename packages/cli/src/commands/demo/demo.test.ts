import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { sstitch } from '../../../test/in-process.js';

// TMPDIR makes the demo create its directory here, so that the tests see what it leaves.
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-cli-demo-'));
  vi.stubEnv('TMPDIR', directory);
  return () => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true, force: true });
  };
});

describe('demo', () => {
  it('shows a compaction that passes every check, in 80 columns, and leaves no file', async () => {
    const { exitCode, stdout, stderr } = await sstitch(['demo', '--grants', '600']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout.match(/^ {2}ok {5}/gm)).toHaveLength(6);
    expect(stdout).not.toContain('FAILED');
    expect(stdout).toMatch(/took .*; writers paused /);
    expect(stdout).toContain('All checks passed');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leaves no file when it is interrupted', async () => {
    const interrupt = new AbortController();
    const playing = sstitch(['demo', '--grants', '20000'], { signal: interrupt.signal });
    while (readdirSync(directory).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    interrupt.abort();
    expect((await playing).exitCode).toBe(130);
    expect(readdirSync(directory)).toEqual([]);
  });
});
