// One test set-up for every package: real files and processes take longer than vitest's defaults.

/** @param {object} [overrides] vitest options of one package */
export function packageTests(overrides = {}) {
  return {
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      testTimeout: 60_000,
      hookTimeout: 60_000,
      pool: 'forks',
      maxWorkers: 2,
      reporters: ['default', 'json'],
      outputFile: { json: '.vitest/results.json' },
      ...overrides,
    },
  };
}
