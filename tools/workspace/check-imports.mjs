// Checks imports: the modules of a package form no import cycle, and each directory of the engine, of the
// cluster and of the command line imports only from lower layers in the tables below (ARCHITECTURE.md, "Inside the engine").
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { root } from './pnpm.mjs';

/** The engine's layers, lowest first; directories of one layer do not import each other. */
const ENGINE_LAYERS = [
  ['files'],
  ['threads'],
  ['leveldb'],
  ['tables'],
  ['store-directory'],
  ['commit', 'extract', 'copy'],
  ['build', 'verify'],
  ['store'],
  ['worker'],
];
/** Modules beside the directories, which any directory may import. */
const ENGINE_GROUND = new Set(['check-options.ts', 'errors.ts', 'not-bytes.ts', 'spans.ts']);

/** The layers of the command line. */
const CLI_LAYERS = [
  ['output'],
  ['terminal'],
  ['command-line'],
  ['stores'],
  ['records'],
  ['operations'],
  ['reports', 'reference'],
  ['commands'],
];
const CLI_GROUND = new Set(['advice.ts', 'errors.ts', 'exit-codes.ts']);

/** The layers of the cluster. A backend imports the ground alone. */
const CLUSTER_LAYERS = [
  ['memory', 'cassandra', 'postgres'],
  ['log'],
  ['state'],
  ['runs'],
  ['protocol'],
  ['maintenance'],
  ['store'],
];
const CLUSTER_GROUND = new Set([
  ...['port.ts', 'connection.ts', 'clock.ts', 'errors.ts', 'refusal.ts', 'turns.ts'],
]);

const problems = [];

/** Maps each source module of a package, except tests, to the modules of the package that it imports. */
function importsOf(source) {
  const files = readdirSync(source, { recursive: true })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.test.ts'))
    .map((name) => join(source, name));
  const known = new Set(files);
  return new Map(
    files.map((file) => {
      const text = readFileSync(file, 'utf8');
      const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)\.js'/g)]
        .map(([, specifier]) => resolve(dirname(file), specifier))
        .flatMap((target) => [`${target}.ts`, `${target}.tsx`])
        .filter((target) => known.has(target));
      return [file, found];
    }),
  );
}

/** Reports one cycle for each module that closes one. */
function checkCircles(imports, source) {
  const done = new Set();
  const path = [];
  const visit = (file) => {
    if (done.has(file)) return;
    const at = path.indexOf(file);
    if (at >= 0) {
      const circle = [...path.slice(at), file].map((one) => relative(source, one));
      problems.push(`${relative(root, source)}: modules import each other: ${circle.join(' -> ')}`);
      return;
    }
    path.push(file);
    for (const target of imports.get(file)) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
}

function checkLayers(imports, source, layers, ground) {
  const layerOf = new Map(
    layers.flatMap((directories, layer) => directories.map((directory) => [directory, layer])),
  );
  for (const [file, targets] of imports) {
    const [directory, ...rest] = relative(source, file).split('/');
    if (rest.length === 0) continue;
    if (!layerOf.has(directory))
      problems.push(`${relative(root, join(source, directory))}: the directory is in no layer`);
    for (const target of targets) {
      const [other, ...inside] = relative(source, target).split('/');
      const isLower = layerOf.get(other) < layerOf.get(directory);
      const isGround = inside.length === 0 && ground.has(other);
      if (other === directory || isLower || isGround) continue;
      problems.push(
        `${relative(root, file)}: ${directory} must not import ${relative(source, target)}`,
      );
    }
  }
}

/**
 * Commands do not import each other: code that two commands need lies in a lower layer. Only the registry
 * imports all of them.
 */
function checkCommands(imports, source) {
  const commandOf = (file) => /^commands\/([^/]+)\//.exec(relative(source, file))?.[1];
  for (const [file, targets] of imports) {
    if (relative(source, file) === 'commands/registry.ts') continue;
    for (const target of targets) {
      if (commandOf(target) === undefined || commandOf(target) === commandOf(file)) continue;
      problems.push(
        `${relative(root, file)}: must not import ${relative(source, target)}, another command's`,
      );
    }
  }
}

const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name));
for (const directory of [...packages, join('tools', 'torture')]) {
  const source = join(root, directory, 'src');
  const imports = importsOf(source);
  checkCircles(imports, source);
  if (directory === join('packages', 'engine')) {
    checkLayers(imports, source, ENGINE_LAYERS, ENGINE_GROUND);
  }
  if (directory === join('packages', 'cli')) {
    checkLayers(imports, source, CLI_LAYERS, CLI_GROUND);
    checkCommands(imports, source);
  }
  if (directory === join('packages', 'cluster')) {
    checkLayers(imports, source, CLUSTER_LAYERS, CLUSTER_GROUND);
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log('all imports follow the layers');
