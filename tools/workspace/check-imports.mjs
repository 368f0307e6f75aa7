// Checks imports: the modules of a package form no import cycle, and each directory imports only from lower layers
// (package-layers.mjs). ARCHITECTURE.md has tables of the engine's and of the cluster's layers, with the same rows.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { tablesOf } from './documents/markdown.mjs';
import { LAYERS } from './package-layers.mjs';
import { root } from './pnpm.mjs';

/** The packages whose layers ARCHITECTURE.md describes. */
const DESCRIBED = ['engine', 'cluster'];

const problems = new Set();

/** Maps each source module of a package, except tests, to the modules of the package that it imports. */
function importsOf(source) {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
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
      problems.add(`${relative(root, source)}: modules import each other: ${circle.join(' -> ')}`);
      return;
    }
    path.push(file);
    for (const target of imports.get(file)) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
}

/** Checks that ARCHITECTURE.md has a table of these directories, in this order, after a row of the ground's modules. */
function checkTable(name, { layers, ground }) {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const wanted = [
    [...ground].sort(),
    ...layers.flat().map((directory) => [`${directory}/`]),
  ].flat();
  const tables = tablesOf(text).map((rows) =>
    rows.flatMap(({ directory = '' }, index) => {
      const names = [...directory.matchAll(/`([^`]+)`/g)].map(([, one]) => one);
      return index === 0 ? names.sort() : names;
    }),
  );
  if (!tables.some((names) => names.join() === wanted.join())) {
    problems.add(`ARCHITECTURE.md: the table of the ${name} must list ${wanted.join(', ')}`);
  }
}

/** Checks the modules in directories and in the ground. Other modules lie above all layers. */
function checkLayers(imports, source, { layers, ground }) {
  const layerOf = new Map(
    layers.flatMap((directories, layer) => directories.map((directory) => [directory, layer])),
  );
  /** The directory, or the module beside the directories. */
  const unitOf = (file) => relative(source, file).split('/', 1)[0];
  const units = new Set([...imports.keys()].map(unitOf));
  for (const unit of [...layerOf.keys(), ...ground]) {
    if (!units.has(unit))
      problems.add(`package-layers.mjs: ${relative(root, source)} has no ${unit}`);
  }
  for (const [file, targets] of imports) {
    const unit = unitOf(file);
    if (!layerOf.has(unit) && !ground.includes(unit)) {
      if (relative(source, file) !== unit)
        problems.add(`${relative(root, join(source, unit))}: the directory is in no layer`);
      continue;
    }
    for (const target of targets) {
      const other = unitOf(target);
      const isLower = layerOf.get(other) < layerOf.get(unit);
      if (other === unit || isLower || ground.includes(other)) continue;
      problems.add(`${relative(root, file)}: ${unit} must not import ${relative(source, target)}`);
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
      problems.add(
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
  const name = basename(directory);
  checkLayers(imports, source, LAYERS[name] ?? { layers: [], ground: [] });
  if (DESCRIBED.includes(name)) checkTable(name, LAYERS[name]);
  if (name === 'cli') checkCommands(imports, source);
}
if (problems.size > 0) {
  console.error([...problems].join('\n'));
  process.exit(1);
}
console.log('all imports follow the layers');
