// Installs other versions of Node from the npm packages with its binaries.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PLATFORMS = { linux: 'linux', darwin: 'darwin', win32: 'win' };

/**
 * Returns the path of a Node of this major version: this process's own, or one that it installs into `directory`.
 *
 * @param {number} major
 * @param {string} directory
 */
export function nodeOf(major, directory) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const platform = PLATFORMS[process.platform];
  const name = `node-${platform}-${process.arch}`;
  const home = join(directory, `node-${major}`);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), '{"private": true}');
  const result = spawnSync('npm', ['install', '--no-audit', '--no-fund', `${name}@${major}`], {
    cwd: home,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) throw new Error(`cannot install Node ${major}:\n${result.stderr}`);
  const binary = platform === 'win' ? 'node.exe' : 'node';
  return join(home, 'node_modules', name, 'bin', binary);
}
