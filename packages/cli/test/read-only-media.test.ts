// The commands that read, on a disk that is mounted read-only.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticSyncId } from '@sstitch/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sstitch, sstitchJson } from './in-process.js';

const SYNC = syntheticSyncId({});
let disk: string;
let isMounted = false;

beforeAll(async () => {
  disk = mkdtempSync(join(tmpdir(), 'sstitch-cli-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk], { stdio: 'pipe' });
  } catch (error) {
    console.warn(`skipped: cannot mount a disk: ${String(error)}`);
    return;
  }
  isMounted = true;
  await sstitchJson('generate', join(disk, 'store'), '--grants', '100', '--syncs', '2');
  execFileSync('mount', ['-o', 'remount,ro', disk]);
});

afterAll(() => {
  if (isMounted) execFileSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true, force: true });
});

it.for([
  ['verify'],
  ['syncs'],
  ['levels'],
  ['scan', '--limit', '5'],
  ['digest', '--sync', SYNC],
  ['export', '--sync', SYNC],
  ['get', '--sync', SYNC, '--bucket', 'sync_run'],
])('%s works', async ([command = '', ...options], { skip }) => {
  if (!isMounted) skip('cannot mount a disk');
  const { exitCode, stdout, stderr } = await sstitch([command, join(disk, 'store'), ...options]);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  expect(stdout.length).toBeGreaterThan(10);
  const mine = new RegExp(`^sstitch-reader-\\w+-${process.pid}-`);
  expect(readdirSync(tmpdir()).filter((name) => mine.test(name))).toEqual([]);
});

it.for(['link', 'rebuild', 'batch'])(
  'compact --strategy %s can use it as a source',
  async (strategy, { skip }) => {
    if (!isMounted) skip('cannot mount a disk');
    const directory = mkdtempSync(join(tmpdir(), 'sstitch-cli-base-'));
    try {
      const base = join(directory, 'base');
      const source = join(disk, 'store');
      await sstitchJson('generate', base, '--grants', '50', '--syncs', '3');
      const line = ['--base', base, '--from', source, '--sync', SYNC, '--strategy', strategy];
      await sstitchJson('compact', ...line);
      expect(await sstitchJson('digest', base, '--sync', SYNC)).toEqual(
        await sstitchJson('digest', source, '--sync', SYNC),
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
