// Checks that the workflows call the same scripts as people: each `pnpm NAME` is a script of the root
// package.json, each file that a step runs exists, and the nightly run covers every torture family.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pnpm.mjs';

const directory = join(root, '.github', 'workflows');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const problems = [];
for (const file of readdirSync(directory)) {
  const text = readFileSync(join(directory, file), 'utf8');
  for (const [, name] of text.matchAll(/(?:run|version|publish): pnpm ([\w-]+)/g)) {
    if (name !== 'install' && scripts[name] === undefined) {
      problems.push(`.github/workflows/${file}: package.json has no script ${name}`);
    }
  }
  const files = [
    ...[...text.matchAll(/\bnode ((?:tools|packages)\/\S+)/g)].map(([, path]) => path),
    ...[...text.matchAll(/- package: (\S+)\n +suite: (\S+)/g)].map(
      ([, name, suite]) => `packages/${name}/${suite}`,
    ),
  ];
  for (const path of files.filter((each) => !existsSync(join(root, each)))) {
    problems.push(`.github/workflows/${file}: there is no file ${path}`);
  }
}

const nightly = readFileSync(join(directory, 'nightly.yml'), 'utf8');
const listed = /family:\n((?: +- .+\n)+)/.exec(nightly)?.[1]?.match(/[\w-]+$/gm) ?? [];
const torture = join(root, 'tools', 'torture', 'src', 'families.ts');
const families = [...readFileSync(torture, 'utf8').matchAll(/^ {2}'?([\w-]+)'?: \{$/gm)];
const names = families.map(([, name]) => name);
if (names.join() !== listed.join()) {
  problems.push(`.github/workflows/nightly.yml: the torture families are ${names.join(', ')}`);
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log('the workflows call scripts that exist');
