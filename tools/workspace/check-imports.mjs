// Checks imports: the modules of a package form no import cycle, and each directory of a package below imports only from
// lower layers. ARCHITECTURE.md has tables of the engine's and of the cluster's layers, with the same rows.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { tablesOf } from './documents/markdown.mjs';
import { root } from './pnpm.mjs';

/**
 * The layers of packages with many directories, lowest first; directories of one layer do not import each other. Every
 * directory may import the `ground`, modules beside the directories.
 */
const LAYERS = {
  sst: {
    layers: [
      ['encoding', 'files'],
      ['block'],
      ['filter'],
      ['table'],
      ['split', 'merge'],
      ['verify'],
    ],
    ground: ['assert.ts', 'compare-bytes.ts', 'errors.ts', 'format.ts', 'hex.ts'],
  },
  pebble: {
    layers: [['encoding'], ['log'], ['manifest'], ['table'], ['read'], ['write']],
    ground: [
      ...['errors.ts', 'file-names.ts', 'file-sink.ts', 'input-file.ts'],
      ...['options.ts', 'write-options.ts'],
    ],
  },
  engine: {
    layers: [
      ['files'],
      ['threads'],
      ['leveldb'],
      ['tables'],
      ['store-directory'],
      ['commit', 'extract', 'copy'],
      ['build', 'verify'],
      ['store'],
      ['worker'],
    ],
    ground: ['check-options.ts', 'errors.ts', 'not-bytes.ts', 'spans.ts'],
  },
  // A backend imports the ground alone.
  cluster: {
    layers: [
      ['memory', 'cassandra', 'postgres'],
      ['log'],
      ['state'],
      ['runs'],
      ['protocol'],
      ['maintenance'],
      ['store'],
    ],
    ground: [...['port.ts', 'connection.ts', 'clock.ts', 'errors.ts', 'refusal.ts', 'turns.ts']],
  },
  records: {
    layers: [
      ['gen'],
      ['encoding'],
      ['indexes', 'statistics'],
      ['load', 'read'],
      ['verify'],
      ['store'],
      ['transfer'],
    ],
    ground: ['errors.ts', 'record-types.ts', 'timestamps.ts'],
  },
  cli: {
    layers: [
      ['output'],
      ['terminal'],
      ['command-line'],
      ['stores'],
      ['records'],
      ['operations'],
      ['reports', 'reference'],
      ['commands'],
    ],
    ground: ['advice.ts', 'errors.ts', 'exit-codes.ts'],
  },
};
/** The packages whose layers ARCHITECTURE.md describes. */
const DESCRIBED = ['engine', 'cluster'];

const problems = [];

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
    problems.push(`ARCHITECTURE.md: the table of the ${name} must list ${wanted.join(', ')}`);
  }
}

function checkLayers(imports, source, { layers, ground }) {
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
      const isGround = inside.length === 0 && ground.includes(other);
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
  const name = basename(directory);
  if (LAYERS[name] !== undefined) checkLayers(imports, source, LAYERS[name]);
  if (DESCRIBED.includes(name)) checkTable(name, LAYERS[name]);
  if (name === 'cli') checkCommands(imports, source);
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log('all imports follow the layers');
