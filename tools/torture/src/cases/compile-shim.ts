// Compiles a library to preload into a process (LD_PRELOAD) from tools/torture/native.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * @param name the name of the source without its extension
 * @param directory the directory for the library
 * @returns the path of the library or, in `skipped`, why there is none
 */
export async function compileShim(
  name: string,
  directory: string,
): Promise<{ readonly library: string } | { readonly skipped: string }> {
  if (process.platform !== 'linux') return { skipped: 'the shim is for Linux' };
  const levels = import.meta.url.endsWith('.ts') ? '../..' : '..';
  const source = fileURLToPath(new URL(`${levels}/native/${name}.c`, import.meta.url));
  if (!existsSync(source)) return { skipped: `${source} is missing` };
  const library = join(directory, `${name}.so`);
  try {
    await promisify(execFile)('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
    return { library };
  } catch (error) {
    return { skipped: `the C compiler cc failed: ${String(error)}` };
  }
}
