// Runs every TypeScript and JavaScript example of every README. Each runs in its own directory, where imports
// of the README's package resolve as a user's would.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const EXAMPLE = /^```(?:ts|js)\n([\s\S]*?)^```/gm;

/** The README files, each with the package directory from which its imports resolve. */
const documents = [
  { file: 'README.md', from: join('packages', 'cli') },
  ...readdirSync(join(root, 'packages')).map((name) => ({
    file: join('packages', name, 'README.md'),
    from: join('packages', name),
  })),
].filter(({ file }) => existsSync(join(root, file)));

let ran = 0;
const failures = [];
for (const { file, from } of documents) {
  const text = readFileSync(join(root, file), 'utf8');
  const directory = join(root, from, '.examples');
  const workDirectory = mkdtempSync(join(tmpdir(), 'sstitch-example-'));
  mkdirSync(directory, { recursive: true });
  try {
    for (const [index, [, source]] of [...text.matchAll(EXAMPLE)].entries()) {
      const script = join(directory, `example-${index}.mjs`);
      writeFileSync(script, transformSync(source, { loader: 'ts', format: 'esm' }).code);
      const result = spawnSync(process.execPath, [script], {
        cwd: workDirectory,
        encoding: 'utf8',
        timeout: 1_800_000,
      });
      ran++;
      if (result.status !== 0) failures.push(`${file}, example ${index + 1}:\n${result.stderr}`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
    rmSync(workDirectory, { recursive: true, force: true });
  }
}
if (failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}
console.log(`${ran} examples of ${documents.length} documents run`);
