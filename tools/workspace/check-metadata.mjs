// Checks the metadata of every published package, which npm and its users rely on. The root package.json states
// the repository's address; `--write` copies it into the packages.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const manifestOf = (directory) =>
  JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8'));
const rootManifest = manifestOf('.');
const write = process.argv.includes('--write');

/** The expected metadata of a package, in the order of npm's documentation. */
function expectedOf(directory) {
  const { homepage, bugs, repository, license, engines } = rootManifest;
  return {
    homepage: `${homepage.replace(/#.*$/, '')}/tree/main/${directory}#readme`,
    bugs,
    repository: { ...repository, directory: directory },
    license,
    engines,
    publishConfig: { access: 'public', provenance: true },
  };
}

/** Files with side effects on import, which a bundler must keep. */
function entriesWithEffects(manifest) {
  return Object.values(manifest.bin ?? {});
}

const problems = [];
for (const name of readdirSync(join(root, 'packages'))) {
  const directory = `packages/${name}`;
  if (!existsSync(join(root, directory, 'package.json'))) continue;
  const manifest = manifestOf(directory);
  if (manifest.private) continue;
  const expected = expectedOf(directory);
  const wrong = Object.keys(expected).filter(
    (field) => !isDeepStrictEqual(manifest[field], expected[field]),
  );
  if (write && wrong.length > 0) {
    const { name: own, version, description, keywords, ...rest } = manifest;
    const head = { name: own, version, description, ...(keywords && { keywords }) };
    const { publishConfig, ...first } = expected;
    for (const field of [...Object.keys(first), 'publishConfig']) delete rest[field];
    const whole = { ...head, ...first, ...rest, publishConfig };
    writeFileSync(join(root, directory, 'package.json'), `${JSON.stringify(whole, null, 2)}\n`);
  } else {
    for (const field of wrong) {
      problems.push(
        `${directory}/package.json: ${field} must be ${JSON.stringify(expected[field])}`,
      );
    }
  }
  for (const field of ['description', 'keywords', 'exports', 'sideEffects', 'files']) {
    if (manifest[field] === undefined)
      problems.push(`${directory}/package.json: ${field} is missing`);
  }
  for (const file of ['dist', 'README.md', 'CHANGELOG.md']) {
    if (!manifest.files?.includes(file)) {
      problems.push(`${directory}/package.json: files must list ${file}`);
    }
  }
  const effects = manifest.sideEffects || [];
  for (const entry of entriesWithEffects(manifest)) {
    if (!effects.includes(entry)) {
      problems.push(`${directory}/package.json: sideEffects must list ${entry}`);
    }
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  console.error('`node tools/workspace/check-metadata.mjs --write` writes what the root states');
  process.exit(1);
}
console.log('the metadata of all packages agrees');
