// The build of every package: ESM for Node 20.19 and later, source maps, no bundled dependencies. `tsc` emits
// the declarations, so that they match the project's compiler version.

/**
 * @param {Record<string, string>} entry output name to source file
 * @param {object} [overrides] tsup options of one package
 */
export function packageBuild(entry, overrides = {}) {
  return {
    entry,
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    splitting: true,
    sourcemap: true,
    clean: true,
    dts: false,
    ...overrides,
  };
}
