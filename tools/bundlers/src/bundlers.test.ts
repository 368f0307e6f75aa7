// Bundles an app that uses Store with the settings in the engine's README, and runs it where only the packages
// that these settings exclude are installed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as buildByEsbuild } from 'esbuild';
import { build as buildByVite } from 'vite';
import { expect, onTestFinished, test } from 'vitest';
import webpack from 'webpack';

const own = fileURLToPath(new URL('..', import.meta.url));
const app = join(own, 'src', 'app.mjs');
const readme = readFileSync(
  fileURLToPath(new URL('../../../packages/engine/README.md', import.meta.url)),
  'utf8',
);

/** Packages with native code, and those that load them. */
const external = ['abstract-level', 'classic-level', 'snappy', '@node-rs/crc32'];
const entries = { app, worker: '@sstitch/engine/worker' };

const BUNDLERS: Record<string, (directory: string) => Promise<unknown>> = {
  esbuild: (outdir) =>
    buildByEsbuild({
      ...{ absWorkingDir: own, entryPoints: entries, outdir, external },
      ...{ bundle: true, platform: 'node', format: 'esm', splitting: true, logLevel: 'warning' },
    }),
  Vite: (outDir) =>
    buildByVite({
      ...{ root: own, configFile: false, logLevel: 'warn' },
      ssr: { noExternal: true, external },
      build: {
        ...{ ssr: true, outDir, target: 'node20', emptyOutDir: true },
        rollupOptions: { input: entries, output: { entryFileNames: '[name].js' } },
      },
    }),
  webpack: (path) =>
    new Promise((resolve, reject) => {
      const config: webpack.Configuration = {
        ...{ mode: 'production', target: 'node20', context: own, entry: { app } },
        experiments: { outputModule: true },
        // Minimising would take most of the time, and is not under test.
        optimization: { minimize: false },
        output: { path, module: true, chunkFormat: 'module', filename: '[name].js' },
        ...{ externals: external, externalsType: 'module' },
      };
      webpack(config, (error, stats) => {
        if (error !== null) reject(error);
        else if (stats?.hasErrors()) reject(new Error(stats.toString('errors-warnings')));
        else resolve(stats);
      });
    }),
};

/** A directory in which only the excluded packages are installed. */
function emptyProject(): string {
  const project = mkdtempSync(join(tmpdir(), 'sstitch-bundle-'));
  onTestFinished(() => rmSync(project, { recursive: true, force: true }));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
  const { resolve } = createRequire(import.meta.url);
  for (const name of external) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(dirname(resolve(`${name}/package.json`)), link, 'junction');
  }
  return project;
}

test.each(Object.entries(BUNDLERS))(
  'a bundle of %s opens a store and commits',
  async (_, bundle) => {
    const project = emptyProject();
    const directory = join(project, 'dist');
    await bundle(directory);
    const program = join(directory, 'app.js');
    const printed = execFileSync(process.execPath, [program, join(project, 'store')], {
      encoding: 'utf8',
    });
    expect(JSON.parse(printed)).toEqual([
      ['a1', 'stays'],
      ['b2', 'new'],
    ]);
  },
);

test('the README names the excluded packages and the entry of the worker', () => {
  const [, section = ''] = /^## Bundlers\n([\s\S]*)/m.exec(readme) ?? [];
  for (const name of [...external, entries.worker]) expect(section).toContain(name);
  for (const name of Object.keys(BUNDLERS)) expect(section).toContain(`| ${name} |`);
});
