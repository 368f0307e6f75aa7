// Packs every published package as `pnpm publish` does, and unpacks it for inspection.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pnpm, root } from '../pnpm.mjs';

/**
 * A packed package.
 *
 * @typedef {object} PackedPackage
 * @property {string} name with its scope
 * @property {string} source its directory in the repository
 * @property {string} tarball
 * @property {string} directory where the tarball is unpacked
 * @property {Record<string, any>} manifest the package.json in the tarball
 * @property {readonly string[]} files paths in the tarball
 */

/**
 * @param {string} target an empty directory
 * @returns {PackedPackage[]}
 */
export function packAll(target) {
  const tarballs = join(target, 'tarballs');
  mkdirSync(tarballs);
  pnpm(['--filter', './packages/*', 'pack', '--pack-destination', tarballs], { quiet: true });
  const sources = new Map(
    readdirSync(join(root, 'packages')).map((name) => {
      const source = join(root, 'packages', name);
      return [JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')).name, source];
    }),
  );
  return readdirSync(tarballs)
    .map((file) => unpack(join(tarballs, file), join(target, 'unpacked', file.slice(0, -4))))
    .map((packed) => ({ ...packed, source: sources.get(packed.name) }))
    .filter(({ manifest }) => !manifest.private);
}

function unpack(tarball, directory) {
  mkdirSync(directory, { recursive: true });
  const result = spawnSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', directory], {
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`cannot unpack ${tarball}: ${result.stderr}`);
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .map((file) => file.replaceAll('\\', '/'));
  return { name: manifest.name, tarball, directory, manifest, files };
}

/**
 * Returns a package, first, and all packages of this workspace that it depends on.
 *
 * @param {PackedPackage} packed
 * @param {readonly PackedPackage[]} all
 * @returns {PackedPackage[]}
 */
export function closureOf(packed, all) {
  const closure = [packed];
  for (const each of closure) {
    const needed = { ...each.manifest.dependencies, ...each.manifest.peerDependencies };
    for (const other of all) {
      if (other.name in needed && !closure.includes(other)) closure.push(other);
    }
  }
  return closure;
}
