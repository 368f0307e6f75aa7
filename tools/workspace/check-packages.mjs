// Packs every package and uses it as a new user would: alone, in an empty project.
//
//   node tools/workspace/check-packages.mjs                     the short form: no network, this Node
//   node tools/workspace/check-packages.mjs --install          installs with npm, runs on Node 20, 22 and 24
//   node tools/workspace/check-packages.mjs --install --node 22 --package sst
//
// Checks for each package: publint; "are the types wrong"; the shipped files; the README's examples as ES
// modules and as CommonJS; the types with the resolutions node16 and bundler. The repository's README is checked with
// the package of the command. The packages must be built.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asCommonJs, asModule, examplesOf, installedBy } from './packages/examples.mjs';
import { nodeOf } from './packages/node-versions.mjs';
import { packAll } from './packages/pack.mjs';
import { installProject, linkProject } from './packages/projects.mjs';
import { checkTarball } from './packages/tarball-checks.mjs';
import { root } from './pnpm.mjs';

const { values: options } = parseArgs({
  options: {
    install: { type: 'boolean', default: false },
    node: { type: 'string', multiple: true },
    package: { type: 'string', multiple: true },
  },
});
const NODE_MAJORS = [20, 22, 24];
const TIMEOUT_MS = 1_800_000;

/** The package with which the examples of the repository's README run. */
const WITH_ROOT_README = '@sstitch/cli';

/** Packages that must not install another one: a native database, a fuzzer. */
const MUST_NOT_INSTALL = {
  '@sstitch/keys': ['classic-level', 'fast-check'],
  '@sstitch/sst': ['classic-level', 'fast-check'],
  '@sstitch/c1z': ['classic-level', 'fast-check'],
  '@sstitch/cli': ['fast-check'],
};

const own = Number(process.versions.node.split('.')[0]);
const majors = options.node?.map(Number) ?? (options.install ? NODE_MAJORS : [own]);
const work = realpathSync(mkdtempSync(join(tmpdir(), 'sstitch-packages-')));
const problems = [];
let ran = 0;
try {
  const all = packAll(work);
  const nodes = majors.map((major) => ({ major, node: nodeOf(major, work) }));
  for (const packed of all) {
    const short = packed.name.replace('@sstitch/', '');
    if (options.package !== undefined && !options.package.includes(short)) continue;
    problems.push(...(await checkTarball(packed)));
    try {
      const project = join(work, 'projects', short);
      const makeProject = options.install ? installProject : linkProject;
      makeProject(project, packed, all, installedBy(join(packed.directory, 'README.md')));
      checkInstalled(packed, project);
      for (const { major, node } of nodes) runPackage(packed, project, node, major);
      writeTypedPrograms(packed, project);
    } catch (error) {
      problems.push(`${packed.name}: ${error.message}`);
    }
  }
  checkTypes();
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`${ran} programs ran with packed packages on Node ${majors.join(', ')}`);

function checkInstalled({ name }, project) {
  if (!options.install) return;
  for (const other of MUST_NOT_INSTALL[name] ?? []) {
    if (existsSync(join(project, 'node_modules', other))) {
      problems.push(`${name}: installing it installs ${other} too`);
    }
  }
}

function readmesOf(name, directory) {
  const own = join(directory, 'README.md');
  return name === WITH_ROOT_README ? [own, join(root, 'README.md')] : [own];
}

/** Runs each example in both forms, and imports each entry of the package. */
function runPackage({ name, directory, manifest }, project, node, major) {
  const entries = Object.keys(manifest.exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => name + entry.slice(1));
  const load = entries.map((entry) => `import * as all from '${entry}';\nvoid all;\n`);
  const examples = readmesOf(name, directory)
    .flatMap(examplesOf)
    .map(({ source }) => source);
  for (const [index, source] of [...load, ...examples].entries()) {
    for (const [extension, code] of [
      ['mjs', asModule(source)],
      ['cjs', asCommonJs(source)],
    ]) {
      const script = join(project, `program-${index}.${extension}`);
      writeFileSync(script, code);
      const cwd = mkdtempSync(join(work, 'run-'));
      const result = spawnSync(node, [script], { cwd, encoding: 'utf8', timeout: TIMEOUT_MS });
      ran++;
      if (result.status !== 0 || result.stderr !== '') {
        const what =
          index < load.length ? 'loading it' : `README example ${index - load.length + 1}`;
        problems.push(`${name}: ${what}, ${extension}, Node ${major}:\n${result.stderr}`);
      }
    }
  }
  for (const [command, file] of Object.entries(manifest.bin ?? {})) {
    const script = join(project, 'node_modules', name, file);
    const result = spawnSync(node, [script, '--version'], {
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    });
    ran++;
    if (result.stdout.trim() !== manifest.version) {
      problems.push(
        `${name}: ${command} --version, Node ${major}: ${result.stdout}${result.stderr}`,
      );
    }
  }
}

/** Writes the TypeScript examples, and a program that imports each entry, into a project. */
function writeTypedPrograms({ name, directory, manifest }, project) {
  const programs = Object.keys(manifest.exports)
    .filter((entry) => entry !== './package.json')
    .map(
      (entry) => `import * as all from '${name + entry.slice(1)}';\nexport const names = all;\n`,
    );
  for (const { language, source: example } of readmesOf(name, directory).flatMap(examplesOf)) {
    if (language === 'ts') programs.push(`export {};\n${example}`);
  }
  const typesDirectory = join(project, 'types');
  mkdirSync(typesDirectory, { recursive: true });
  for (const [index, program] of programs.entries()) {
    writeFileSync(join(typesDirectory, `program-${index}.mts`), program);
  }
}

/**
 * Compiles the programs of all projects with both resolutions. One compilation reads the declarations that they
 * share once; each program resolves imports from its own project.
 */
function checkTypes() {
  for (const [module, moduleResolution] of [
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ]) {
    const config = {
      compilerOptions: {
        module,
        moduleResolution,
        target: 'es2022',
        lib: ['es2023', 'esnext.disposable'],
        strict: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [join(root, 'packages', 'engine', 'node_modules', '@types')],
      },
      include: ['projects/*/types/*.mts'],
    };
    writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const result = spawnSync(process.execPath, [tsc, '-p', work], { encoding: 'utf8' });
    if (result.status !== 0) problems.push(`types under ${moduleResolution}:\n${result.stdout}`);
  }
}
