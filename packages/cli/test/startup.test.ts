// A command line loads few modules, and only those that its command needs. tools/bench/src/startup.mjs measures
// the time.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMAND_LINES, makeScene } from './every-command.js';
import { testDirectory } from './in-process.js';
import { ended, startMain } from './process.js';

const LISTER = new URL('./children/module-list.mjs', import.meta.url).href;
const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
/** main.js, the start path, its entry, and what esbuild needs for CommonJS. */
const MAX_START_MODULES = 4;
const FUZZER = 'fast-check';
const HEAVY = ['testkit', FUZZER, 'node-sqlite3-wasm', 'zstddec', 'c1z', 'compactor'];

let scene: string;

beforeAll(async () => {
  scene = await makeScene();
  return () => rmSync(scene, { recursive: true, force: true });
});

interface Loaded {
  readonly modules: readonly string[];
  readonly addons: readonly string[];
}

async function loadedBy(line: readonly string[], expectedCode = 0): Promise<Loaded> {
  const file = join(testDirectory(), 'modules');
  const env = { SSTITCH_TEST_MODULES: file, NODE_OPTIONS: `--import=${LISTER}` };
  const { exitCode, stderr } = await ended(startMain(line, { cwd: scene, env }));
  expect({ exitCode, stderr }).toMatchObject({ exitCode: expectedCode });
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const pathsOf = (how: string) =>
    lines.filter((each) => each.startsWith(`${how} `)).map((each) => each.slice(how.length + 1));
  const own = [...pathsOf('import'), ...pathsOf('require')].filter(
    (path) => path !== fileURLToPath(LISTER),
  );
  return { modules: [...new Set(own)], addons: pathsOf('addon') };
}

/** The packages among `names` that contain one of the modules, or a source of one that is a bundle. */
function packagesIn(modules: readonly string[], names: readonly string[]): readonly string[] {
  const paths = modules.flatMap(sourcesOf);
  return names.filter((name) => paths.some((path) => path.split(/[\\/]/).includes(name)));
}

function sourcesOf(path: string): readonly string[] {
  const map = `${path}.map`;
  if (!path.startsWith(DIST) || !existsSync(map)) return [path];
  return (JSON.parse(readFileSync(map, 'utf8')) as { readonly sources: readonly string[] }).sources;
}

it.each([[['--help']], [['--version']], [['compact', '--help']]])(
  '%j loads few modules, all from this package, and no native addon',
  async (line) => {
    const { modules, addons } = await loadedBy(line);
    expect(addons).toEqual([]);
    expect(modules.filter((path) => !path.startsWith(DIST))).toEqual([]);
    expect(
      modules.map((path) => basename(path)),
      'main.js is one of them',
    ).toContain('main.js');
    expect(modules.length).toBeLessThanOrEqual(MAX_START_MODULES);
  },
);

it('completion loads no native addon either', async () => {
  const { modules, addons } = await loadedBy(['completion', 'bash']);
  expect(addons).toEqual([]);
  expect(modules.filter((path) => !path.startsWith(DIST))).toEqual([]);
});

describe.each(['get', 'scan', 'syncs', 'levels'])('%s', (name) => {
  it('loads LevelDB, and no package that it does not need', async () => {
    const { modules, addons } = await loadedBy(COMMAND_LINES[name]?.(scene) ?? []);
    expect(packagesIn(modules, HEAVY)).toEqual([]);
    expect(packagesIn(addons, ['classic-level'])).toEqual(['classic-level']);
  });
});

it.each(['compact', 'import', 'export', 'verify', 'diff', 'space', 'checkpoint'])(
  '%s does not load the testkit',
  async (name) => {
    const { modules } = await loadedBy(COMMAND_LINES[name]?.(scene) ?? []);
    expect(packagesIn(modules, ['testkit', FUZZER])).toEqual([]);
  },
);

it('selftest does not load fast-check', async () => {
  const { modules } = await loadedBy(['selftest', '--dir', 'nothing'], 5);
  expect(packagesIn(modules, ['testkit', FUZZER])).toEqual(['testkit']);
});
