// Runs pnpm at the version in the root package.json, on a machine that has only Node and npm.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const environment = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  COREPACK_ENABLE_STRICT: '0',
};

/** Whether pnpm started this process, which means that pnpm and the workspace are installed. */
export const isInsidePnpm = (process.env.npm_config_user_agent ?? '').startsWith('pnpm');

/**
 * Runs pnpm with these arguments; ends this process with its exit code if it fails.
 *
 * @param {readonly string[]} arguments_
 * @param {{ quiet?: boolean, onFailure?: () => void }} [options] `quiet` shows the output only of a failure;
 *   `onFailure` runs before this process ends with the code of one
 */
export function pnpm(arguments_, { quiet = false, onFailure } = {}) {
  const [command, ...prefix] = isInsidePnpm
    ? ['pnpm']
    : ['npx', '--yes', `--package=${manifest.packageManager}`, '--', 'pnpm'];
  const result = spawnSync(command, [...prefix, ...arguments_], {
    cwd: root,
    env: environment,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    if (quiet) process.stderr.write(`${result.stdout}${result.stderr}`);
    onFailure?.();
    process.exit(result.status ?? 1);
  }
}
