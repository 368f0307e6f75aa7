// The test configuration of every package. Time limits only end tests that hang: on a busy machine, work with
// real files and processes takes many times as long as on a quiet one.
//
// Where the system has a file system in memory with enough room, tests make their files there: creating, syncing and
// removing thousands of small files on a disk takes a third of the time of some suites. TMPDIR names another place.
//
// The files of a suite share two processes, as the stores of a program share one: a process for each file takes longer
// to start than most files take to run. A suite whose files need their own says so with `isolate`.
import { existsSync, statfsSync } from 'node:fs';

const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 4 * 2 ** 30;

const HANGS_AFTER_MS = 1_800_000;

/** The environment that places temporary files in memory; empty if they stay where they are. */
function inMemory() {
  if (process.env.TMPDIR !== undefined || !existsSync(MEMORY)) return {};
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize < ENOUGH_BYTES ? {} : { TMPDIR: MEMORY };
}

/** @param {object} [overrides] vitest options of one package */
export function packageTests(overrides = {}) {
  return {
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      testTimeout: HANGS_AFTER_MS,
      hookTimeout: HANGS_AFTER_MS,
      teardownTimeout: HANGS_AFTER_MS,
      expect: { poll: { timeout: HANGS_AFTER_MS } },
      env: inMemory(),
      pool: 'forks',
      isolate: false,
      maxWorkers: 2,
      reporters: ['default', 'json'],
      outputFile: { json: '.vitest/results.json' },
      ...overrides,
    },
  };
}
