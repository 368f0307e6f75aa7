// Runs the terminal sessions of the READMEs line by line, starting in an empty directory.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { testDirectory } from './in-process.js';
import { MAIN, USER_ENVIRONMENT } from './process.js';

/** Returns a function that runs a line in an empty directory, with `sstitch` on the path. */
function shell(): (line: string) => string {
  const directory = testDirectory();
  const bin = join(directory, 'bin');
  const work = join(directory, 'work');
  mkdirSync(bin);
  mkdirSync(work);
  const program = join(bin, 'sstitch');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(program, 0o755);
  const env = { ...USER_ENVIRONMENT, PATH: `${bin}${delimiter}${process.env['PATH']}` };
  return (line) => {
    const options = { cwd: work, env, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', line], options);
    expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: '' });
    return stdout;
  };
}

function textOf(readme: string): string {
  return readFileSync(fileURLToPath(new URL(readme, import.meta.url)), 'utf8');
}

/** The first code block after a heading. */
function blockAfter(text: string, heading: string): string {
  const [, block] = /```\w+\n([\s\S]*?)```/.exec(text.slice(text.indexOf(heading))) ?? [];
  if (block === undefined) throw new Error(`no block after ${heading}`);
  return block;
}

/** Removes durations, which differ from run to run, and sizes, which differ between table formats. */
function withoutFigures(text: string): string {
  return text
    .replaceAll(/\d+(\.\d+)? m?s\b/g, 'TIME')
    .replaceAll(/ *\b\d+(\.\d)? [KM]?B\b/g, ' SIZE');
}

it("the README's session works as printed", () => {
  const lines = blockAfter(textOf('../../../README.md'), '## At a terminal').trimEnd().split('\n');
  const run = shell();
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) run(line);
});

it("the command line's session works as printed, with the printed output", () => {
  const session = blockAfter(textOf('../README.md'), '## A session');
  const steps = session.split(/^\$ /m).slice(1);
  const run = shell();
  expect(steps.length).toBeGreaterThan(3);
  for (const step of steps) {
    const [line = '', ...output] = step.trimEnd().split('\n');
    expect(withoutFigures(run(line).trimEnd())).toBe(withoutFigures(output.join('\n')));
  }
});
