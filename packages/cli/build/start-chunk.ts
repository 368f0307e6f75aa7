// An esbuild plugin that puts all modules of the start path into one chunk. esbuild groups modules into chunks
// by the set of entry points and lazy modules that import them, which would spread the start path over a dozen
// files, each slow to find and load. The plugin makes every lazy module import the whole start path, which is
// loaded by then anyway.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];
type Build = Parameters<Plugin['setup']>[0];

/**
 * @param entry the module that, with everything it imports, is the start path
 * @param lazy matches the other entry points and the modules that are imported on demand
 */
export function startChunk(entry: string, lazy: RegExp): Plugin {
  return {
    name: 'start-chunk',
    async setup(build) {
      const files = await startPathOf(entry, lazy, build.esbuild);
      const imports = [...files].map((path) => `import ${JSON.stringify(path)};`).join('');
      build.onLoad({ filter: lazy }, async ({ path }) => ({
        // On one line, so that line numbers of source maps stay the same.
        contents: `${imports}${await readFile(path, 'utf8')}`,
        loader: 'ts',
      }));
      // esbuild would drop the imports of packages whose package.json declares no side effects.
      build.onResolve({ filter: /./ }, async ({ path, pluginData, ...where }) => {
        if (pluginData === startChunk || where.kind === 'entry-point') return undefined;
        const found = await build.resolve(path, { ...where, pluginData: startChunk });
        return files.has(found.path) ? { path: found.path, sideEffects: true } : undefined;
      });
    },
  };
}

/** The files that are loaded together with the entry. */
async function startPathOf(
  entry: string,
  lazy: RegExp,
  esbuild: Build['esbuild'],
): Promise<ReadonlySet<string>> {
  const { metafile } = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    plugins: [
      {
        name: 'keep-out',
        setup: (build) => build.onResolve({ filter: lazy }, () => ({ external: true })),
      },
    ],
  });
  return new Set(Object.keys(metafile.inputs).map((file) => resolve(file)));
}
