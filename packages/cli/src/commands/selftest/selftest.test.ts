import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sstitch, testDirectory } from '../../../test/in-process.js';
import { expectValid } from '../../../test/json-schemas.js';
import type { SelfTestReport } from './self-test.js';

describe('selftest', () => {
  it('checks every guarantee in the named directory, reports each in 80 columns, and leaves no file', async () => {
    const directory = testDirectory();
    const commandLine = ['selftest', '--dir', directory, '--kills', '4', '--seed', '7'];
    const { exitCode, stdout, stderr } = await sstitch(commandLine);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const checks = stdout.split('\n').filter((line) => line.startsWith('  ok '));
    expect(checks.map((line) => line.slice(9, 66).trim())).toEqual([
      expect.stringMatching(/^guarantees: reads, batches and views \(\d+ tests\)$/),
      expect.stringMatching(/^guarantees: replacements \(\d+ tests\)$/),
      expect.stringMatching(/^guarantees: races \(\d+ tests\)$/),
      'isolation: 12 syncs with adjacent ids replaced by link',
      'isolation: 12 syncs with adjacent ids replaced by rebuild',
      'isolation: 12 syncs with adjacent ids replaced by batch',
      'a compaction beside an open reader, by its digests',
      '4 processes killed: each store whole, old or new',
    ]);
    for (const line of checks) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toContain('All checks passed in ');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leaves no file when it is interrupted', async () => {
    const directory = testDirectory();
    const interrupt = new AbortController();
    const trying = sstitch(['selftest', '--dir', directory], { signal: interrupt.signal });
    const [own = ''] = await eventually(() => readdirSync(directory));
    await eventually(() =>
      readdirSync(join(directory, own)).filter((name) => name !== 'link-probe'),
    );
    interrupt.abort();
    expect((await trying).exitCode).toBe(130);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('names a missing directory, and does not create it', async () => {
    const directory = testDirectory();
    const { exitCode, stderr } = await sstitch(['selftest', '--dir', join(directory, 'none')]);
    expect(exitCode).toBe(5);
    expect(stderr).toContain('none');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('continues after a failed check, says why it failed, and exits with 4', async () => {
    const directory = testDirectory();
    // Makes a check fail: the names of its tables are taken.
    const planting = eventually(() => readdirSync(directory)).then(([own = '']) => {
      mkdirSync(join(directory, own, 'rebuild-base', 'CURRENT'), { recursive: true });
    });
    const result = await sstitch(['selftest', '--dir', directory, '--kills', '0', '--json']);
    await planting;
    expect(result.exitCode).toBe(4);
    expect(result.stderr).toContain('a check of the selftest failed');
    const report = JSON.parse(result.stdout) as SelfTestReport;
    expectValid('selftest', report);
    const failed = report.checks.filter(({ ok }) => !ok);
    expect(failed.map(({ name }) => name)).toEqual([
      'isolation: 12 syncs with adjacent ids replaced by rebuild',
    ]);
    expect(failed[0]?.problem).toMatch(/CURRENT/);
    expect(report).toMatchObject({ ok: false, kills: 0, hardLinks: true });
    expect(report.checks).toHaveLength(8);
  });
});

async function eventually(look: () => readonly string[]): Promise<readonly string[]> {
  for (;;) {
    const found = look();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
