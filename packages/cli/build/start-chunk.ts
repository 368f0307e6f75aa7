// An esbuild plugin that puts all modules of the start path into one chunk. esbuild makes a chunk of those modules
// that the same entry points and lazy modules import; the start path would be a dozen files, each of which takes
// its time to be found and loaded. So every lazy module is made to import the whole start path, which is loaded
// by then.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];
type Build = Parameters<Plugin['setup']>[0];

/**
 * @param entry the module that is, with all that it imports, the start path
 * @param lazy other modules: entry points, and those that are imported when they are needed
 */
export function startChunk(entry: string, lazy: RegExp): Plugin {
  return {
    name: 'start-chunk',
    async setup(build) {
      const files = await startPathOf(entry, lazy, build.esbuild);
      const imports = [...files].map((path) => `import ${JSON.stringify(path)};`).join('');
      build.onLoad({ filter: lazy }, async ({ path }) => ({
        // On one line, so that the lines of source maps stay the same.
        contents: `${imports}${await readFile(path, 'utf8')}`,
        loader: 'ts',
      }));
      // Where package.json says that modules have no side effects, esbuild would drop the imports.
      build.onResolve({ filter: /./ }, async ({ path, pluginData, ...where }) => {
        if (pluginData === startChunk || where.kind === 'entry-point') return undefined;
        const found = await build.resolve(path, { ...where, pluginData: startChunk });
        return files.has(found.path) ? { path: found.path, sideEffects: true } : undefined;
      });
    },
  };
}

/** The files that are loaded with the entry. */
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
