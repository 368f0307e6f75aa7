// Finds the built modules that run as processes of their own.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The built module of this name: beside this one or, if tests run the sources, in dist/. */
export function childFile(name: string): string {
  const directory = import.meta.url.endsWith('.ts') ? '../../dist' : '.';
  const file = fileURLToPath(new URL(`${directory}/${name}.js`, import.meta.url));
  if (existsSync(file)) return file;
  throw new Error(`${file} is missing: run pnpm build first`);
}
