import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runKillFamily } from '@sstitch/testkit/torture';
import { expect, test } from 'vitest';

const rounds = process.env['SSTITCH_LONG'] === '1' ? 5000 : 100;

test(`compactions, checkpoints and adoptions killed ${rounds} times, at named points and random moments, leave every store old or new as a whole, and lose no acknowledged write`, async () => {
  const seed = Number(process.env['SSTITCH_SEED'] ?? 20261122);
  const only = process.env['SSTITCH_ONLY'] ?? '';
  const { failures, tried, counts } = await runKillFamily({ rounds, seed, only });
  expect(failures).toEqual([]);
  expect(tried).toBe(rounds);
  if (only !== '') return;
  // Victims died in every way.
  for (const kind of ['compact', 'adopt']) {
    expect(counts[`${kind} at random`], kind).toBeGreaterThan(rounds / 8);
    expect(counts[`${kind} at a point`], kind).toBeGreaterThan(rounds / 8);
  }
}, 7_200_000);

test('an interrupt ends the family between two rounds, and its files in the given directory are removed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-kill-test-'));
  const interrupt = new AbortController();
  try {
    const killing = runKillFamily({
      rounds: 1_000_000,
      seed: 1,
      directory,
      signal: interrupt.signal,
    });
    while (!readdirSync(directory).some((name) => existsSync(join(directory, name, 'lane-1')))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const reason = new Error('enough');
    interrupt.abort(reason);
    await expect(killing).rejects.toMatchObject({ name: 'AbortError', cause: reason });
    expect(readdirSync(directory)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
