// Creates empty projects with one package, as a new user has it: installed from the registry or, without a
// network, unpacked from the tarballs and linked to the packages that the workspace has installed.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { closureOf } from './pack.mjs';

/**
 * Installs a package, and what else its README says to install, with npm.
 *
 * @param {import('./pack.mjs').PackedPackage} packed
 * @param {readonly import('./pack.mjs').PackedPackage[]} all
 * @param {readonly string[]} names what the README says to install
 */
export function installProject(directory, packed, all, names) {
  const tarballOf = (name) => all.find((each) => each.name === name)?.tarball;
  const dependencies = { [packed.name]: `file:${packed.tarball}` };
  for (const name of names) {
    const tarball = tarballOf(name);
    dependencies[name] = tarball
      ? `file:${tarball}`
      : (packed.manifest.devDependencies?.[name] ?? '*');
  }
  // The other packages of the workspace are not in a registry yet.
  const overrides = {};
  const wanted = [packed, ...all.filter(({ name }) => names.includes(name))];
  for (const { name, tarball } of wanted.flatMap((each) => closureOf(each, all))) {
    if (!(name in dependencies)) overrides[name] = `file:${tarball}`;
  }
  writeProject(directory, { dependencies, overrides });
  const result = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd: directory,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) throw new Error(`npm install failed:\n${result.stdout}${result.stderr}`);
}

/**
 * Creates the same project without npm: unpacks the tarballs and links only their declared dependencies.
 *
 * @param {import('./pack.mjs').PackedPackage} packed
 * @param {readonly import('./pack.mjs').PackedPackage[]} all
 * @param {readonly string[]} names what the README says to install
 */
export function linkProject(directory, packed, all, names) {
  writeProject(directory, {});
  const wanted = [packed, ...all.filter(({ name }) => names.includes(name))];
  const inside = new Set(wanted.flatMap((each) => closureOf(each, all)));
  for (const { name, directory: unpacked, source, manifest } of inside) {
    place(unpacked, join(directory, 'node_modules', name));
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
    for (const dependency of Object.keys(declared)) {
      if (all.some((each) => each.name === dependency)) continue;
      link(source, dependency, join(directory, 'node_modules', name, 'node_modules'));
    }
  }
  for (const name of names) {
    if (all.some((each) => each.name === name)) continue;
    link(packed.source, name, join(directory, 'node_modules'));
  }
}

function writeProject(directory, manifest) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ name: 'stranger', version: '1.0.0', private: true, ...manifest }, null, 2),
  );
}

function place(from, to) {
  cpSync(from, to, { recursive: true });
}

/** Links an installed dependency of a package of the workspace into another `node_modules`. */
function link(source, dependency, nodeModules) {
  const target = join(nodeModules, dependency);
  if (existsSync(target)) return;
  const installed = join(source, 'node_modules', dependency);
  const from = existsSync(installed) ? installed : resolveDirectory(source, dependency);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(realpathSync(from), target, 'junction');
}

function resolveDirectory(source, dependency) {
  return dirname(createRequire(join(source, 'package.json')).resolve(`${dependency}/package.json`));
}
