// The tests run the sources, but the reader and the writer process run only JavaScript: this builds them before
// the tests if they are missing or older than a source.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const packageDirectory = fileURLToPath(new URL('..', import.meta.url));

export function setup(): void {
  const built = statSync(`${packageDirectory}/dist/writer.js`, { throwIfNoEntry: false });
  const sources = readdirSync(`${packageDirectory}/src`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => statSync(`${entry.parentPath}/${entry.name}`).mtimeMs);
  if (built !== undefined && built.mtimeMs >= Math.max(...sources)) return;
  const tsup = fileURLToPath(new URL('../node_modules/tsup/dist/cli-default.js', import.meta.url));
  // This build removes no files: other processes may be using them.
  const run = spawnSync(process.execPath, [tsup, '--config', 'tsup.processes.config.ts'], {
    cwd: packageDirectory,
    encoding: 'utf8',
  });
  if (run.status !== 0)
    throw new Error(`the processes cannot be built:\n${run.stdout}${run.stderr}`);
}
