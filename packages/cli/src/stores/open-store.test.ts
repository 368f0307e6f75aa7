// A store that cannot be written: on a disk that is mounted read-only or, for a user who cannot mount one, without write
// permission.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestsOf, sstitch, sstitchJson, testDirectory } from '../../test/in-process.js';

describe('checkpoint of a store that cannot be written', () => {
  let store: string;
  let allowWrites: () => void = () => undefined;

  beforeEach(async () => {
    const directory = testDirectory();
    await sstitchJson('generate', join(directory, 'made'), '--grants', '100', '--syncs', '2');
    store = join(directory, 'disk', 'store');
    allowWrites = refuseWrites(join(directory, 'made'), store);
  });
  afterEach(() => allowWrites());

  it('copies it, and leaves no private copy', async () => {
    const target = join(testDirectory(), 'copy');
    await sstitchJson('checkpoint', store, target);
    expect((await sstitch(['verify', target])).exitCode).toBe(0);
    expect(await digestsOf(target)).toEqual(await digestsOf(store));
    const mine = readdirSync(tmpdir()).filter(
      (name) => name.startsWith('sstitch-reader-') && name.includes(`-${process.pid}-`),
    );
    expect(mine).toEqual([]);
  });

  it('refuses a directory that is not a store', async () => {
    const [generation = ''] = generationsOf(store);
    const line = ['checkpoint', join(store, generation), join(testDirectory(), 'copy')];
    const { exitCode, stderr } = await sstitch(line);
    expect(stderr).toContain('plain LevelDB database');
    expect(exitCode).not.toBe(0);
  });
});

const generationsOf = (store: string) => readdirSync(store).filter((name) => /^gen-/.test(name));

/** Copies a store to a place where it cannot be written. Returns what ends that. */
function refuseWrites(made: string, store: string): () => void {
  const disk = dirname(store);
  mkdirSync(disk);
  if (process.getuid?.() !== 0) {
    cpSync(made, store, { recursive: true });
    const setModes = (mode: number) => {
      for (const name of ['', ...generationsOf(store)]) chmodSync(join(store, name), mode);
    };
    setModes(0o555);
    return () => setModes(0o755);
  }
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk]);
  cpSync(made, store, { recursive: true });
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  return () => execFileSync('umount', ['-l', disk]);
}
