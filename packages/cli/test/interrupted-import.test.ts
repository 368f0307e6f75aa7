// Runs imports as processes and ends them at work: their temporary files are removed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeC1z } from '@sstitch/c1z/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAIN, USER_ENVIRONMENT } from './process.js';

const SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';

let directory: string;
let large: string;
let small: string;
let temporary: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sstitch-interrupted-'));
  large = join(directory, 'large.c1z');
  small = join(directory, 'small.c1z');
  await makeC1z(large, { syncs: [{ syncId: SYNC, grants: grants(80_000) }] });
  await makeC1z(small, { syncs: [{ syncId: SYNC, grants: grants(1) }] });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => {
  temporary = mkdtempSync(join(directory, 'temporary-'));
});

function* grants(count: number) {
  for (let at = 0; at < count; at++) {
    yield {
      message: {
        id: `grant-${at}`,
        entitlement: { id: 'e', resource: { id: { resourceType: 'group', resource: 'g' } } },
        principal: { id: { resourceType: 'user', resource: `user-${at}` } },
      },
    };
  }
}

/** Starts an import in a process group of its own, as a shell does. */
function startImport(file: string): ChildProcess {
  const store = join(directory, `store-${Math.random()}`);
  return spawn(process.execPath, [MAIN, 'import', file, '--into', store], {
    env: { ...USER_ENVIRONMENT, TMPDIR: temporary },
    stdio: 'ignore',
    detached: true,
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

const left = () => readdirSync(temporary).map((name) => name.replace(/-[0-9a-f]{8}-.*/, ''));

/** Whether the reader has begun to decode. */
function isDecoding(): boolean {
  const directories = readdirSync(temporary).filter((name) => name.startsWith('sstitch-c1z'));
  return directories.some((name) => existsSync(join(temporary, name, 'sync.db')));
}

/** Starts an import and calls `end` with its process once it is at work; settles when the process has ended. */
async function importEndedBy(
  end: (pid: number) => void | Promise<void>,
  isAtWork = () => left().length === 2,
): Promise<void> {
  const child = startImport(large);
  const exited = once(child, 'exit');
  await until(() => child.exitCode !== null || isAtWork());
  expect(left().sort()).toEqual(['sstitch-c1z', 'sstitch-import']);
  await end(child.pid as number);
  await exited;
}

const GROUPS = [
  ['the process', (pid: number) => pid],
  ['its whole group, as a terminal does', (pid: number) => -pid],
] as const;

describe.each(GROUPS)('an import ended by a signal to %s', (_, target) => {
  it.each(['SIGHUP', 'SIGTERM', 'SIGINT'] as const)('%s leaves nothing', async (signal) => {
    await importEndedBy((pid) => void process.kill(target(pid), signal));
    await until(() => left().length === 0);
  });

  it('SIGINT, and SIGINT again at once, leaves nothing', async () => {
    await importEndedBy((pid) => {
      process.kill(target(pid), 'SIGINT');
      process.kill(target(pid), 'SIGINT');
    });
    await until(() => left().length === 0);
  });

  it('SIGINT, and SIGINT again while it stops, leaves nothing', async () => {
    await importEndedBy(async (pid) => {
      process.kill(target(pid), 'SIGINT');
      await sleep(5);
      try {
        process.kill(target(pid), 'SIGINT');
      } catch {
        // The process has already stopped.
      }
    });
    await until(() => left().length === 0);
  });

  it('SIGKILL leaves what the next import removes', async () => {
    await importEndedBy((pid) => void process.kill(target(pid), 'SIGKILL'));
    expect(left()).toContain('sstitch-import');
    const [exitCode] = await once(startImport(small), 'exit');
    expect(exitCode).toBe(0);
    await until(() => left().length === 0);
  });

  it('SIGKILL while the file is decoded leaves no database: the reader removes it', async () => {
    await importEndedBy((pid) => void process.kill(target(pid), 'SIGKILL'), isDecoding);
    await until(() => !left().includes('sstitch-c1z'));
  });
});
