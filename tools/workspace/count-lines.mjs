// Counts the lines of TypeScript by package: code, comments and blank lines, without generated files.
//
//   node tools/workspace/count-lines.mjs
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pnpm.mjs';

const counts = new Map();
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n');
for (const file of tracked) {
  const directory = file.match(/^(?:packages|tools)\/[^/]+|^examples/)?.[0];
  if (directory === undefined || !/\.m?[tj]s$/.test(file) || file.includes('/src/gen/')) continue;
  const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1;
  const isTest = /\.test(-support)?\.ts$|\/test\//.test(file);
  const count = counts.get(directory) ?? { source: 0, tests: 0 };
  count[isTest ? 'tests' : 'source'] += lines;
  counts.set(directory, count);
}
const total = { source: 0, tests: 0 };
for (const { source, tests } of counts.values()) {
  total.source += source;
  total.tests += tests;
}
for (const [name, { source, tests }] of [...counts, ['total', total]]) {
  console.log(name.padEnd(24), String(source).padStart(8), String(tests).padStart(8));
}
