// The test configuration of every package. Time limits only end tests that hang: on a busy machine, work with
// real files and processes takes many times as long as on a quiet one.

const HANGS_AFTER_MS = 1_800_000;

/** @param {object} [overrides] vitest options of one package */
export function packageTests(overrides = {}) {
  return {
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      testTimeout: HANGS_AFTER_MS,
      hookTimeout: HANGS_AFTER_MS,
      teardownTimeout: HANGS_AFTER_MS,
      expect: { poll: { timeout: HANGS_AFTER_MS } },
      pool: 'forks',
      maxWorkers: 2,
      reporters: ['default', 'json'],
      outputFile: { json: '.vitest/results.json' },
      ...overrides,
    },
  };
}
