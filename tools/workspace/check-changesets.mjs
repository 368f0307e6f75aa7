// Checks that every changeset names published packages and is not empty: otherwise `changeset version` would
// fail at the release, weeks after the change.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import parseChangeset from '@changesets/parse';
import { root } from './pnpm.mjs';

/**
 * Returns the problems of a changeset.
 *
 * @param {string} text
 * @param {ReadonlySet<string>} published names of packages
 * @returns {string[]}
 */
export function problemsOf(text, published) {
  let changeset;
  try {
    changeset = parseChangeset(text);
  } catch (error) {
    return [error.message.split('\n')[0]];
  }
  const { summary, releases } = changeset;
  const problems = releases
    .filter(({ name }) => !published.has(name))
    .map(({ name }) => `${name} is not a published package`);
  const bumps = releases.filter(({ type }) => !['patch', 'minor', 'major'].includes(type));
  problems.push(...bumps.map(({ name, type }) => `${name}: ${type} is not patch, minor or major`));
  if (summary.trim() === '') problems.push('it has no summary');
  return problems;
}

/** The names of the published packages. */
export function publishedPackages() {
  const packages = join(root, 'packages');
  const manifests = readdirSync(packages).map((name) =>
    JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')),
  );
  return new Set(manifests.filter((each) => !each.private).map(({ name }) => name));
}

function check() {
  const directory = join(root, '.changeset');
  const published = publishedPackages();
  const files = readdirSync(directory).filter((name) => name.endsWith('.md'));
  const problems = files
    .filter((name) => name !== 'README.md')
    .flatMap((name) =>
      problemsOf(readFileSync(join(directory, name), 'utf8'), published).map(
        (problem) => `.changeset/${name}: ${problem}`,
      ),
    );
  if (problems.length > 0) {
    console.error(problems.join('\n'));
    process.exit(1);
  }
  console.log(`${files.length} changesets name published packages`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) check();
