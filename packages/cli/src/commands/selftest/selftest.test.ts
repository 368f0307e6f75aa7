import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sstitch, testFolder } from '../../../test/in-process.js';
import type { SelfTestReport } from './self-test.js';

describe('selftest', () => {
  it('tries every promise in the folder it is given, tells each in 80 columns, and leaves nothing behind', async () => {
    const folder = testFolder();
    const commandLine = ['selftest', '--dir', folder, '--kills', '4', '--seed', '7'];
    const { exitCode, stdout, stderr } = await sstitch(commandLine);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const checks = stdout.split('\n').filter((line) => line.startsWith('  ok '));
    expect(checks.map((line) => line.slice(9, 66).trim())).toEqual([
      expect.stringMatching(/^guarantees: reads, batches and views \(\d+ tests\)$/),
      expect.stringMatching(/^guarantees: replacements \(\d+ tests\)$/),
      expect.stringMatching(/^guarantees: races \(\d+ tests\)$/),
      'isolation: 12 awkward syncs replaced by link',
      'isolation: 12 awkward syncs replaced by rebuild',
      'isolation: 12 awkward syncs replaced by batch',
      'a compaction beside a reader, digests before and after',
      '4 processes killed at work: stores old or new, whole',
    ]);
    for (const line of checks) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toContain('All checks held in ');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing behind when it is interrupted', async () => {
    const folder = testFolder();
    const interrupt = new AbortController();
    const trying = sstitch(['selftest', '--dir', folder], { signal: interrupt.signal });
    const [own = ''] = await eventually(() => readdirSync(folder));
    await eventually(() => readdirSync(join(folder, own)).filter((name) => name !== 'link-probe'));
    interrupt.abort();
    expect((await trying).exitCode).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names a folder that is not there, and makes none', async () => {
    const folder = testFolder();
    const { exitCode, stderr } = await sstitch(['selftest', '--dir', join(folder, 'none')]);
    expect(exitCode).toBe(5);
    expect(stderr).toContain('none');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes on behind a check that fails, says what did not hold, and exits with 4', async () => {
    const folder = testFolder();
    // Where tables cannot be made: the names are taken.
    const planting = eventually(() => readdirSync(folder)).then(([own = '']) => {
      mkdirSync(join(folder, own, 'rebuild-base', 'CURRENT'), { recursive: true });
    });
    const result = await sstitch(['selftest', '--dir', folder, '--kills', '0', '--json']);
    await planting;
    expect(result.exitCode).toBe(4);
    expect(result.stderr).toContain('a check of the selftest did not hold');
    const report = JSON.parse(result.stdout) as SelfTestReport;
    const failed = report.checks.filter(({ ok }) => !ok);
    expect(failed.map(({ name }) => name)).toEqual([
      'isolation: 12 awkward syncs replaced by rebuild',
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
